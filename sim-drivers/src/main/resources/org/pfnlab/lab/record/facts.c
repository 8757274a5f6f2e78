/* The header: which kernel this is, and what of its settings shows in the answers. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "recorder.h"

static bool read_text(const char* path, char* text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);
  if (fd >= 0) {
    close(fd);
  }
  text[length > 0 ? length : 0] = '\0';
  text[strcspn(text, "\n")] = '\0';
  return length > 0;
}

static void print_number(const char* key, const char* path) {
  char text[64];
  if (read_text(path, text, sizeof text)) {
    printf(",\"%s\":%ld", key, strtol(text, NULL, 10));
  }
}

/* The setting in brackets, as in "always [madvise] never". */
static void print_choice(const char* key, const char* path) {
  char text[128];
  if (read_text(path, text, sizeof text)) {
    char* chosen = strchr(text, '[');
    if (chosen != NULL) {
      chosen[strcspn(chosen, "]")] = '\0';
      printf(",\"%s\":\"%s\"", key, chosen + 1);
    }
  }
}

/* read_ahead_kb of the disk under the directory for objects. */
static void print_read_ahead(void) {
  struct stat status;
  char path[96];
  if (stat(scratch_directory(), &status) == 0) {
    snprintf(path, sizeof path, "/sys/class/bdi/%u:%u/read_ahead_kb", major(status.st_dev),
             minor(status.st_dev));
    print_number("read_ahead_kb", path);
  }
}

static void print_limit(const char* key, int resource) {
  struct rlimit limits;
  if (getrlimit(resource, &limits) == 0 && limits.rlim_cur != RLIM_INFINITY) {
    printf(",\"%s\":%lu", key, (unsigned long)limits.rlim_cur / 1024);
  }
}

static void print_memory(void) {
  char text[128];
  unsigned long kilobytes;
  if (read_text("/proc/meminfo", text, sizeof text) &&
      sscanf(text, "MemTotal: %lu", &kilobytes) == 1) {
    printf(",\"ram_kb\":%lu", kilobytes);
  }
}

/* The first line of a recording: what the script says of itself, and these facts. */
void print_header(void) {
  struct utsname kernel;
  static const char* const told[] = {"name", "set", "profile", "note", "left_out"};
  uname(&kernel);
  printf("{\"op\":\"meta\",\"format\":1");
  for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
    if (input(told[i]) != NULL) {
      printf(",\"%s\":\"%s\"", told[i], input(told[i]));
    }
  }
  if (input("seed") != NULL) {
    printf(",\"seed\":%s", input("seed"));
  }
  size_t version = strspn(kernel.release, "0123456789.");
  while (version > 0 && kernel.release[version - 1] == '.') {
    version--;
  }
  printf(",\"kernel\":\"%.*s\",\"release\":\"%s\"", (int)version, kernel.release, kernel.release);
  printf(",\"arch\":\"%s\",\"page\":%ld,\"window\":%d", kernel.machine, sysconf(_SC_PAGESIZE),
         WINDOW_PAGES);
  print_memory();
  print_choice("thp", "/sys/kernel/mm/transparent_hugepage/enabled");
  print_number("overcommit", "/proc/sys/vm/overcommit_memory");
  print_number("max_map_count", "/proc/sys/vm/max_map_count");
  print_number("lru_gen", "/sys/kernel/mm/lru_gen/enabled");
  print_read_ahead();
  print_limit("stack_kb", RLIMIT_STACK);
  print_limit("memlock_kb", RLIMIT_MEMLOCK);
  printf(",\"root\":%s,\"frames\":%s}\n", geteuid() == 0 ? "true" : "false",
         sees_frames() ? "true" : "false");
}
