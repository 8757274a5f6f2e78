/* What can be mapped: files, memfds and special objects, their handles and names. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "recorder.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static const char* directory;
static struct handle handles[MAX_HANDLES];
static int handle_count;
static struct pipe pipes[MAX_PIPES];
static int pipe_count;

/* Objects as /proc/PID/smaps tells them apart: by inode, anonymous inodes by their path too. */
static struct {
  char name[16];
  unsigned long inode;
  unsigned major;
  unsigned minor;
  const char* path;
} objects[MAX_HANDLES * 2];
static int object_count;
static int shared_count;

static int scratch = -1;
static int scratch_direct = -1;

void objects_init(const char* where) { directory = where; }

const char* scratch_directory(void) { return directory; }

static void add_object(const char* name, int fd, const char* path) {
  struct stat status;
  if (fstat(fd, &status) != 0 || object_count == MAX_HANDLES * 2) {
    return;
  }
  for (int i = 0; i < object_count; i++) {
    if (strcmp(objects[i].name, name) == 0) {
      return;
    }
  }
  snprintf(objects[object_count].name, sizeof objects[0].name, "%s", name);
  objects[object_count].inode = status.st_ino;
  objects[object_count].major = major(status.st_dev);
  objects[object_count].minor = minor(status.st_dev);
  objects[object_count++].path = path;
}

/* Page k of a filled object holds 0x30 + k. */
static void fill(int fd, long pages) {
  unsigned char bytes[PAGE];
  for (long page = 0; page < pages; page++) {
    memset(bytes, (int)((0x30 + page) & 0xff), sizeof bytes);
    if (pwrite(fd, bytes, sizeof bytes, page * PAGE) != (ssize_t)sizeof bytes) {
      die("cannot fill the object: %s", strerror(errno));
    }
  }
}

static void resize(int fd, long size) {
  if (ftruncate(fd, size) != 0) {
    die("ftruncate: %s", strerror(errno));
  }
}

static int open_memfd(long pages, long bytes) {
  int fd = (int)syscall(SYS_memfd_create, "pfnlab", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd >= 0) {
    resize(fd, pages * PAGE + bytes);
    if (input_number("fill", 0) != 0) {
      fill(fd, pages);
    }
  }
  return fd;
}

/* A file that has no name any more. */
static int open_file(long pages, long bytes, int access) {
  static int number;
  char path[512];
  snprintf(path, sizeof path, "%s/object-%d-%d", directory, (int)getpid(), number++);
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    return fd;
  }
  fill(fd, pages);
  if (bytes != 0) {
    resize(fd, pages * PAGE + bytes);
  }
  if (access != O_RDWR) {
    close(fd);
    fd = open(path, access | O_CLOEXEC);
  }
  unlink(path);
  return fd;
}

static int reopen(const char* object, int access) {
  for (int i = handle_count - 1; i >= 0; i--) {
    if (handles[i].open && strcmp(handles[i].object, object) == 0) {
      char path[64];
      snprintf(path, sizeof path, "/proc/self/fd/%d", handles[i].fd);
      return open(path, access | O_CLOEXEC);
    }
  }
  die("nothing is open of %s", object);
}

static int open_secret(long pages) {
  int fd = (int)syscall(SYS_memfd_secret, 0);
  if (fd >= 0) {
    resize(fd, pages * PAGE);
  }
  return fd;
}

static int open_perf(void) {
  struct perf_event_attr event;
  memset(&event, 0, sizeof event);
  event.size = sizeof event;
  event.type = PERF_TYPE_SOFTWARE;
  event.config = PERF_COUNT_SW_DUMMY;
  event.disabled = 1;
  return (int)syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
}

static int open_packet(long blocks) {
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  struct tpacket_req ring = {PAGE, (unsigned)blocks, PAGE / 2, (unsigned)(2 * blocks)};
  if (fd >= 0 && setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) != 0) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

static int open_bpf_map(unsigned type, unsigned key, unsigned value, unsigned entries,
                        unsigned flags) {
  union bpf_attr map;
  memset(&map, 0, sizeof map);
  map.map_type = type;
  map.key_size = key;
  map.value_size = value;
  map.max_entries = entries;
  map.map_flags = flags;
  return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map);
}

static int open_ring(void) {
  struct io_uring_params ring;
  memset(&ring, 0, sizeof ring);
  return (int)syscall(SYS_io_uring_setup, 4, &ring);
}

static int access_mode(void) {
  const char* mode = input("mode");
  if (mode != NULL && strcmp(mode, "ro") == 0) {
    return O_RDONLY;
  }
  return mode != NULL && strcmp(mode, "wo") == 0 ? O_WRONLY : O_RDWR;
}

/* Opens what "kind" says; path is set for anonymous inodes and devices, which share inodes. */
static int open_kind(const char* object, const char** path) {
  const char* kind = input_or_die("kind");
  long pages = input_number("pages", 1);
  long bytes = input_number("nb", 0);
  if (strcmp(kind, "memfd") == 0) {
    return open_memfd(pages, bytes);
  }
  if (strcmp(kind, "file") == 0) {
    return open_file(pages, bytes, access_mode());
  }
  if (strcmp(kind, "reopen") == 0) {
    return reopen(object, access_mode());
  }
  if (strcmp(kind, "zero") == 0) {
    *path = "/dev/zero";
    return open("/dev/zero", access_mode() | O_CLOEXEC);
  }
  if (strcmp(kind, "secret") == 0) {
    return open_secret(pages);
  }
  if (strcmp(kind, "uring") == 0) {
    *path = "anon_inode:[io_uring]";
    return open_ring();
  }
  if (strcmp(kind, "perf") == 0) {
    *path = "anon_inode:[perf_event]";
    return open_perf();
  }
  if (strcmp(kind, "packet") == 0) {
    return open_packet(pages);
  }
  if (strcmp(kind, "tcp") == 0) {
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  }
  *path = "anon_inode:bpf-map";
  if (strcmp(kind, "bpfarray") == 0) {
    return open_bpf_map(BPF_MAP_TYPE_ARRAY, sizeof(int), PAGE, (unsigned)pages, 1 << 10);
  }
  if (strcmp(kind, "bpfring") == 0) {
    return open_bpf_map(27, 0, 0, (unsigned)(pages * PAGE), 0);
  }
  die("unknown kind %s", kind);
}

void open_object(void) {
  const char* name = input_or_die("h");
  const char* object = input("obj") == NULL ? name : input("obj");
  const char* path = NULL;
  errno = 0;
  int fd = open_kind(object, &path);
  int error = errno;
  begin_line();
  if (fd >= 0) {
    if (handle_count == MAX_HANDLES) {
      die("more than %d handles", MAX_HANDLES);
    }
    struct handle* handle = &handles[handle_count++];
    snprintf(handle->name, sizeof handle->name, "%s", name);
    snprintf(handle->object, sizeof handle->object, "%s", object);
    handle->fd = fd;
    handle->open = true;
    add_object(object, fd, path);
  }
  end_ok(fd < 0 ? -1 : 0, error);
}

struct handle* find_handle(const char* name) {
  for (int i = handle_count - 1; i >= 0; i--) {
    if (handles[i].open && strcmp(handles[i].name, name) == 0) {
      return &handles[i];
    }
  }
  die("no handle is called %s", name);
}

int handle_slot(const struct handle* handle) { return (int)(handle - handles); }

struct pipe* find_pipe(const char* name) {
  for (int i = 0; i < pipe_count; i++) {
    if (strcmp(pipes[i].name, name) == 0) {
      return &pipes[i];
    }
  }
  if (pipe_count == MAX_PIPES || pipe2(pipes[pipe_count].fds, O_NONBLOCK | O_CLOEXEC) != 0) {
    die("no more pipes");
  }
  snprintf(pipes[pipe_count].name, sizeof pipes[0].name, "%s", name);
  return &pipes[pipe_count++];
}

int pipe_slot(const struct pipe* pipe) { return SLOT_PIPES + (int)(pipe - pipes); }

/* What a mapping shows, by the path and inode in its smaps line; NULL for anonymous memory. */
const char* object_name(const char* path, unsigned major, unsigned minor, unsigned long inode) {
  static char special[80];
  for (int i = 0; i < object_count; i++) {
    bool same = objects[i].path == NULL
                    ? objects[i].major == major && objects[i].minor == minor
                    : strncmp(path, objects[i].path, strlen(objects[i].path)) == 0;
    if (same && objects[i].inode == inode) {
      return objects[i].name;
    }
  }
  if (strncmp(path, "/dev/zero", 9) == 0 && inode != 0 && object_count < MAX_HANDLES * 2) {
    snprintf(objects[object_count].name, sizeof objects[0].name, "s%d", shared_count++);
    objects[object_count].inode = inode;
    objects[object_count].major = major;
    objects[object_count].minor = minor;
    objects[object_count].path = NULL;
    return objects[object_count++].name;
  }
  if (*path == '\0') {
    return NULL;
  }
  if (path[0] == '[') {
    snprintf(special, sizeof special, "%s", path + 1);
    special[strcspn(special, "]")] = '\0';
    return special;
  }
  return strstr(path, "[aio]") != NULL ? "aio" : "other";
}

/* The file of the transfers, made when it is first needed. */
int scratch_file(bool direct) {
  if (scratch < 0) {
    char path[512];
    snprintf(path, sizeof path, "%s/scratch-%d", directory, (int)getpid());
    scratch = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    scratch_direct = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
    int error = errno;
    unlink(path);
    if (scratch < 0 || scratch_direct < 0) {
      die("cannot open a file for O_DIRECT in %s: %s", directory, strerror(error));
    }
  }
  return direct ? scratch_direct : scratch;
}
