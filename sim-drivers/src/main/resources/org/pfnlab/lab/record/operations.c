/* The operations of a script: each is done by a worker or the controller, and answered in a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder.h"

#ifndef SYS_mseal
#define SYS_mseal 462
#endif

#ifndef FALLOC_FL_KEEP_SIZE
#define FALLOC_FL_KEEP_SIZE 1
#define FALLOC_FL_PUNCH_HOLE 2
#endif

enum { MOST_PAGES = 256 };

static unsigned char buffer[LONGEST_TRANSFER];

static long transfer_length(long otherwise) {
  long length = input_number("len", otherwise);
  if (length < 0 || length > LONGEST_TRANSFER) {
    die("len=%ld is too long", length);
  }
  return length;
}

/* The first byte of each page that bytes from this address on touch. */
static int first_bytes(unsigned long address, long count, unsigned char* to) {
  int pages = 0;
  unsigned long end = address + (unsigned long)(count < 0 ? 0 : count);
  for (unsigned long at = address; at < end && pages < MOST_PAGES; at = (at | (PAGE - 1)) + 1) {
    to[pages++] = buffer[at - address];
  }
  return pages;
}

static void answer_call(void) {
  begin_line();
  end_ok(reply.result, reply.error);
}

static void range_call(int process, long number, long argument) {
  call_syscall(process, number, (long)input_address(), (long)input_length("n", "rawlen"), argument,
               0, 0);
  answer_call();
}

static void own_call(long result) {
  int error = errno;
  begin_line();
  end_ok(result, error);
}

static void do_close(int process) {
  (void)process;
  struct handle* handle = find_handle(input_or_die("h"));
  int slot = handle_slot(handle);
  for (int i = 0; i < MAX_PROCESSES; i++) {
    if (processes[i].alive && processes[i].fds[slot] >= 0) {
      call_syscall(i, SYS_close, processes[i].fds[slot], 0, 0, 0, 0);
      processes[i].fds[slot] = -1;
    }
  }
  handle->open = false;
  own_call(close(handle->fd));
}

static void do_open(int process) {
  (void)process;
  open_object();
}

static int object_fd(void) { return find_handle(input_or_die("h"))->fd; }

static void do_truncate(int process) {
  (void)process;
  own_call(ftruncate(object_fd(), input_number("pages", 0) * PAGE + input_number("nb", 0)));
}

static void do_punch(int process) {
  (void)process;
  own_call(syscall(SYS_fallocate, object_fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                   input_number("fo", 0) * PAGE, input_number("n", 1) * PAGE));
}

static void do_seal(int process) {
  (void)process;
  own_call(fcntl(object_fd(), F_ADD_SEALS, (int)input_flags("seals", "seal")));
}

static off_t object_offset(void) { return input_number("fo", 0) * PAGE + input_number("off", 0); }

static void do_file_write(int process) {
  (void)process;
  long length = transfer_length(1);
  memset(buffer, (int)input_number("val", 0), (size_t)length);
  long result = pwrite(object_fd(), buffer, (size_t)length, object_offset());
  int error = errno;
  begin_line();
  end_bytes(result, error, NULL, -1, "");
}

static void do_file_read(int process) {
  (void)process;
  long result = pread(object_fd(), buffer, 1, object_offset());
  int error = errno;
  begin_line();
  end_bytes(result, error, buffer, result > 0 ? (int)result : 0, "");
}

static void do_pipe_read(int process) {
  (void)process;
  unsigned char firsts[MOST_PAGES];
  long length = transfer_length(1);
  long result = read(find_pipe(input_or_die("pipe"))->fds[0], buffer, (size_t)length);
  int error = errno;
  begin_line();
  end_bytes(result, error, firsts, first_bytes(0, result, firsts), "");
}

/* The address that mmap or mremap returned; what lies outside of the window is unmapped at once. */
static void answer_address(int process, unsigned long length) {
  long result = reply.result;
  int error = reply.error;
  begin_line();
  if (result == -1) {
    end_line("\"err\":\"%s\"", error_name(error));
  } else if (window_page((unsigned long)result) >= 0) {
    end_line("\"at\":%ld", window_page((unsigned long)result));
  } else {
    call_syscall(process, SYS_munmap, result, (long)length, 0, 0, 0);
    end_line("\"at\":\"outside\"");
  }
}

static void do_mmap(int process) {
  bool anywhere = input("page") == NULL && input("rawaddr") == NULL;
  unsigned long length = input_length("n", "rawlen");
  long offset = input_number("fo", 0) * PAGE + input_number("fob", 0);
  int fd = -1;
  if (input("rawfo") != NULL) {
    offset = (long)strtoull(input("rawfo"), NULL, 0);
  }
  if (input("h") != NULL) {
    struct handle* handle = find_handle(input("h"));
    fd = worker_fd(process, handle_slot(handle), handle->fd);
  }
  struct command command = {.kind = DO_SYSCALL,
                            .args = {SYS_mmap, anywhere ? 0 : (long)input_address(), (long)length,
                                     input_protection(), input_flags("flags", "mmap"), fd, offset}};
  call(process, &command);
  if (input("alias") != NULL && reply.result != -1) {
    set_alias((unsigned long)reply.result, (length + PAGE - 1) / PAGE);
  }
  answer_address(process, length);
}

static void do_mremap(int process) {
  unsigned long length = input("rawnew") != NULL ? strtoull(input("rawnew"), NULL, 0)
                                                 : (unsigned long)(input_number("newn", 1) * PAGE);
  unsigned long to = 0;
  if (input("to") != NULL) {
    to = WINDOW_START + (unsigned long)(input_number("to", 0) * PAGE + input_number("tob", 0));
  }
  call_syscall(process, SYS_mremap, (long)input_address(), (long)input_length("n", "rawlen"),
               (long)length, input_flags("flags", "mremap"), (long)to);
  answer_address(process, (length + PAGE - 1) & ~(PAGE - 1UL));
}

static void do_munmap(int process) { range_call(process, SYS_munmap, 0); }

static void do_mprotect(int process) { range_call(process, SYS_mprotect, input_protection()); }

static void do_madvise(int process) {
  range_call(process, SYS_madvise, input_flags("adv", "advice"));
}

static void do_mlock(int process) { range_call(process, SYS_mlock, 0); }

static void do_mlock2(int process) {
  range_call(process, SYS_mlock2, input_flags("flags", "mlock2"));
}

static void do_munlock(int process) { range_call(process, SYS_munlock, 0); }

static void do_mseal(int process) { range_call(process, SYS_mseal, input_number("flags", 0)); }

static void do_msync(int process) { range_call(process, SYS_msync, input_flags("flags", "msync")); }

static void do_mlockall(int process) {
  call_syscall(process, SYS_mlockall, input_flags("flags", "mlockall"), 0, 0, 0, 0);
  answer_call();
}

static void do_munlockall(int process) {
  call_syscall(process, SYS_munlockall, 0, 0, 0, 0, 0);
  answer_call();
}

static void do_thp(int process) {
  call_syscall(process, SYS_prctl, PR_SET_THP_DISABLE, input_number("on", 0) == 0, 0, 0, 0);
  answer_call();
}

static void do_mincore(int process) {
  char vector[PAGE + 1];
  unsigned long length = input_length("n", "rawlen");
  /* A worker has room for one page of answers; what is beyond all addresses is refused. */
  if (length > (unsigned long)PAGE * PAGE && length < 1UL << 47) {
    die("mincore of %lu bytes is too long", length);
  }
  struct command command = {.kind = DO_MINCORE, .args = {(long)input_address(), (long)length}};
  call(process, &command);
  if (reply.result == -1) {
    answer_call();
    return;
  }
  unsigned long pages = (length + PAGE - 1) / PAGE;
  pages = pages > PAGE ? PAGE : pages;
  for (unsigned long i = 0; i < pages; i++) {
    vector[i] = (reply.data[i] & 1) != 0 ? '1' : '0';
  }
  vector[pages] = '\0';
  begin_line();
  end_line("\"vec\":\"%s\"", vector);
}

static const char* signal_name(int signal, int code) {
  static const char* const segv[] = {"?", "SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR",
                                     "SEGV_PKUERR"};
  static const char* const bus[] = {"?", "BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR"};
  static char name[48];
  int known = code >= 1 && code <= 4 ? code : 0;
  if (signal == SIGSEGV) {
    snprintf(name, sizeof name, "SIGSEGV/%s", segv[known]);
  } else if (signal == SIGBUS) {
    snprintf(name, sizeof name, "SIGBUS/%s", bus[known]);
  } else {
    snprintf(name, sizeof name, "SIGILL/");
  }
  return name;
}

static void touch(int process, int kind) {
  unsigned long address = input_address();
  struct command command = {.kind = kind, .args = {(long)address, input_number("val", 0)}};
  watch_begin(process, address);
  call(process, &command);
  begin_line();
  if (reply.signal != 0) {
    end_line("\"sig\":\"%s\"%s", signal_name(reply.signal, reply.signal_code), watch_end());
  } else if (kind == DO_LOAD) {
    end_line("\"v\":%ld%s", reply.result, watch_end());
  } else {
    end_line("\"ok\":true%s", watch_end());
  }
}

static void do_load(int process) { touch(process, DO_LOAD); }

static void do_store(int process) { touch(process, DO_STORE); }

static void do_exec(int process) { touch(process, DO_EXEC); }

static void do_fork(int process) {
  const char* name = input_or_die("new");
  int child = name[0] == 'p' ? atoi(name + 1) : -1;
  if (child < 0 || child >= MAX_PROCESSES || processes[child].used) {
    die("%s cannot be the name of a new process", name);
  }
  struct command command = {.kind = DO_FORK, .args = {child}};
  call(process, &command);
  if (reply.result < 0) {
    answer_call();
    return;
  }
  processes[child] = processes[process];
  processes[child].pid = (int)reply.result;
  processes[child].alive = true;
  processes[child].used = true;
  processes[child].pidfd = (int)syscall(SYS_pidfd_open, processes[child].pid, 0);
  call_syscall(child, SYS_getpid, 0, 0, 0, 0, 0); /* it is up when it answers */
  begin_line();
  end_line("\"ok\":true");
}

static void do_exit(int process) {
  struct command command = {.kind = DO_EXIT};
  call(process, &command);
  wait_until_gone(process);
  begin_line();
  end_line("\"ok\":true");
}

static void pvm(int process, bool write) {
  int by = input_process("by", NULL);
  unsigned long address = input_address();
  struct command command = {.kind = DO_PVM,
                            .args = {write, processes[process].pid, (long)address,
                                     transfer_length(1), input_number("val", 0)}};
  watch_begin(process, address);
  call(by, &command);
  begin_line();
  end_bytes(reply.result, reply.error, reply.data, write ? -1 : reply.count, watch_end());
}

static void do_pvm_read(int process) { pvm(process, false); }

static void do_pvm_write(int process) { pvm(process, true); }

static void mem(int process, bool write) {
  unsigned char firsts[MOST_PAGES];
  unsigned long address = input_address();
  long length = transfer_length(1);
  int fd = open_proc(process, "mem", O_RDWR);
  watch_begin(process, address);
  if (write) {
    memset(buffer, (int)input_number("val", 0), (size_t)length);
  }
  long result = write ? pwrite(fd, buffer, (size_t)length, (off_t)address)
                      : pread(fd, buffer, (size_t)length, (off_t)address);
  int error = errno;
  close(fd);
  int count = write ? -1 : first_bytes(address, result, firsts);
  begin_line();
  end_bytes(result, error, firsts, count, watch_end());
}

static void do_mem_read(int process) { mem(process, false); }

static void do_mem_write(int process) { mem(process, true); }

static void do_vmsplice(int process) {
  struct pipe* pipe = find_pipe(input_or_die("pipe"));
  unsigned long address = input_address();
  int fd = worker_fd(process, pipe_slot(pipe), pipe->fds[1]);
  struct command command = {.kind = DO_VMSPLICE,
                            .args = {fd, (long)address, transfer_length(PAGE)}};
  watch_begin(process, address);
  call(process, &command);
  begin_line();
  end_bytes(reply.result, reply.error, NULL, -1, watch_end());
}

/* write: the process writes memory into the file; else it reads the file into memory. */
static void transfer(int process, int kind, bool direct, bool write) {
  unsigned char firsts[MOST_PAGES];
  long length = transfer_length(PAGE);
  unsigned long address = input_address();
  int file = scratch_file(false);
  if (write) {
    if (ftruncate(file, 0) != 0) {
      die("cannot empty the scratch file");
    }
  } else {
    memset(buffer, (int)input_number("val", 0), (size_t)length);
    if (pwrite(file, buffer, (size_t)length, 0) != length || fsync(file) != 0) {
      die("cannot fill the scratch file");
    }
  }
  int slot = direct ? SLOT_SCRATCH_DIRECT : SLOT_SCRATCH;
  int fd = worker_fd(process, slot, scratch_file(direct));
  struct command command = {.kind = kind, .args = {write, fd, (long)address, length}};
  watch_begin(process, address);
  call(process, &command);
  long result = reply.result;
  int error = reply.error;
  int count = -1;
  if (write && result > 0) {
    count = first_bytes(address, pread(file, buffer, (size_t)result, 0), firsts);
  }
  begin_line();
  end_bytes(result, error, firsts, count, watch_end());
}

static void do_dio_write(int process) { transfer(process, DO_IO, true, true); }

static void do_dio_read(int process) { transfer(process, DO_IO, true, false); }

static void do_sys_write(int process) { transfer(process, DO_IO, false, true); }

static void do_sys_read(int process) { transfer(process, DO_IO, false, false); }

static void do_ur_write(int process) { transfer(process, DO_RING_IO, false, true); }

static void do_ur_read(int process) { transfer(process, DO_RING_IO, false, false); }

static void do_ur_reg(int process) {
  unsigned long address = input_address();
  struct command command = {.kind = DO_RING_REGISTER,
                            .args = {(long)address, (long)input_length("n", "rawlen")}};
  watch_begin(process, address);
  call(process, &command);
  begin_line();
  if (reply.result == -1) {
    end_line("\"err\":\"%s\"%s%s", error_name(reply.error),
             reply.count != 0 ? ",\"setup\":true" : "", watch_end());
  } else {
    end_line("\"ok\":true%s", watch_end());
  }
}

static void do_ur_unreg(int process) {
  struct command command = {.kind = DO_RING_UNREGISTER};
  call(process, &command);
  answer_call();
}

static int futex_operation(int operation) {
  return operation | (input_number("private", 0) != 0 ? FUTEX_PRIVATE_FLAG : 0);
}

static void do_futex_wake(int process) {
  unsigned long address = input_address();
  watch_begin(process, address);
  call_syscall(process, SYS_futex, (long)address, futex_operation(FUTEX_WAKE), input_number("n", 1),
               0, 0);
  begin_line();
  if (reply.result < 0) {
    end_line("\"err\":\"%s\"%s", error_name(reply.error), watch_end());
  } else {
    end_line("\"woken\":%ld%s", reply.result, watch_end());
  }
}

static bool sleeps_in_futex(int process) {
  char text[256];
  int fd = open_proc(process, "syscall", O_RDONLY);
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) {
    return false;
  }
  text[length] = '\0';
  return strncmp(text, "running", 7) != 0 && atoi(text) == SYS_futex;
}

/* An answer, or a process that has gone to sleep for good: false then. */
static bool await_or_sleep(int process) {
  for (int i = 0; i < 4000; i++) {
    if (await_reply(process, 0)) {
      return true;
    }
    if (sleeps_in_futex(process)) {
      usleep(200);
      if (sleeps_in_futex(process)) {
        return false;
      }
    }
    usleep(50);
  }
  die("p%d neither answers nor sleeps", process);
}

static void do_futex_wait(int process) {
  unsigned long address = input_address();
  struct command command = {
      .kind = DO_SYSCALL,
      .args = {SYS_futex, (long)address, futex_operation(FUTEX_WAIT), input_number("val", 0)}};
  watch_begin(process, address);
  if (processes[process].blocked) {
    die("p%d sleeps already", process);
  }
  send_command(process, &command);
  processes[process].blocked = !await_or_sleep(process);
  begin_line();
  if (processes[process].blocked) {
    end_line("\"blocked\":true%s", watch_end());
  } else if (reply.result < 0) {
    end_line("\"err\":\"%s\"%s", error_name(reply.error), watch_end());
  } else {
    end_line("\"ok\":true%s", watch_end());
  }
}

/* Is the sleeper awake by now? If not, it is interrupted. */
static void do_futex_done(int process) {
  bool woken = false;
  int error = 0;
  if (processes[process].blocked) {
    woken = await_reply(process, 300);
    if (!woken) {
      kill(processes[process].pid, SIGUSR1);
      if (!await_reply(process, 4000)) {
        die("p%d cannot be interrupted", process);
      }
      error = reply.error;
    }
    processes[process].blocked = false;
  }
  begin_line();
  if (woken) {
    end_line("\"woken\":true");
  } else {
    end_line("\"woken\":false,\"err\":\"%s\"", error != 0 ? error_name(error) : "0");
  }
}

/* Moves one of the process's own special mappings into the window. */
static void do_adopt(int process) {
  const char* what = input_or_die("what");
  char line[512];
  char name[32];
  unsigned long start = 0, end = 0, from, to, context = 0;
  if (strcmp(what, "aio") == 0) {
    struct command command = {.kind = DO_AIO_SETUP};
    call(process, &command);
    if (reply.result == -1) {
      answer_call();
      return;
    }
    context = (unsigned long)reply.result;
  }
  snprintf(name, sizeof name, "[%s]", what);
  FILE* maps = fdopen(open_proc(process, "maps", O_RDONLY), "r");
  while (maps != NULL && start == 0 && fgets(line, sizeof line, maps) != NULL) {
    if (sscanf(line, "%lx-%lx", &from, &to) == 2 &&
        (context != 0 ? from == context : strstr(line, name) != NULL)) {
      start = from;
      end = to;
    }
  }
  if (maps != NULL) {
    fclose(maps);
  }
  if (start == 0) {
    begin_line();
    end_line("\"err\":\"ENOENT\"");
    return;
  }
  call_syscall(process, SYS_mremap, (long)start, (long)(end - start), (long)(end - start), 3,
               (long)input_address());
  begin_line();
  if (reply.result == -1) {
    end_line("\"err\":\"%s\"", error_name(reply.error));
  } else {
    end_line("\"at\":%ld,\"n\":%lu", window_page((unsigned long)reply.result),
             (end - start) / PAGE);
  }
}

/* The first byte of every page that /proc/PID/mem can read; it faults pages in. */
static void do_dump(int process) {
  int fd = open_proc(process, "mem", O_RDONLY);
  long first = input_number("page", 0);
  long behind = first + input_number("n", 64);
  const char* comma = "";
  bool inside = false;
  begin_line();
  printf(",\"r\":{\"runs\":[");
  for (long page = first; page < behind; page++) {
    unsigned char byte;
    if (pread(fd, &byte, 1, (off_t)(WINDOW_START + (unsigned long)(page * PAGE))) == 1) {
      if (!inside) {
        printf("%s[%ld,\"", comma, page);
        comma = ",";
        inside = true;
      }
      printf("%02x", byte);
    } else if (inside) {
      printf("\"]");
      inside = false;
    }
  }
  printf("%s]}}\n", inside ? "\"]" : "");
  close(fd);
}

static void do_frames(int process) {
  (void)process;
  snapshot_frames();
}

static void do_snap(int process) {
  (void)process;
  for (int i = 0; i < MAX_PROCESSES; i++) {
    if (processes[i].alive) {
      snapshot_maps(i);
      snapshot_pagemap(i);
    }
  }
  snapshot_frames();
}

static void do_meta(int process) {
  (void)process;
  print_header();
}

static const struct {
  const char* name;
  void (*perform)(int process);
  bool by_process;
} operations[] = {
    {"meta", do_meta, false},
    {"open", do_open, false},
    {"close", do_close, false},
    {"truncate", do_truncate, false},
    {"punch", do_punch, false},
    {"seal", do_seal, false},
    {"file_write", do_file_write, false},
    {"file_read", do_file_read, false},
    {"pipe_read", do_pipe_read, false},
    {"frames", do_frames, false},
    {"snap", do_snap, false},
    {"mmap", do_mmap, true},
    {"munmap", do_munmap, true},
    {"mprotect", do_mprotect, true},
    {"mremap", do_mremap, true},
    {"madvise", do_madvise, true},
    {"mlock", do_mlock, true},
    {"mlock2", do_mlock2, true},
    {"munlock", do_munlock, true},
    {"mlockall", do_mlockall, true},
    {"munlockall", do_munlockall, true},
    {"mseal", do_mseal, true},
    {"msync", do_msync, true},
    {"mincore", do_mincore, true},
    {"thp", do_thp, true},
    {"adopt", do_adopt, true},
    {"load", do_load, true},
    {"store", do_store, true},
    {"exec", do_exec, true},
    {"fork", do_fork, true},
    {"exit", do_exit, true},
    {"pvm_read", do_pvm_read, true},
    {"pvm_write", do_pvm_write, true},
    {"mem_read", do_mem_read, true},
    {"mem_write", do_mem_write, true},
    {"vmsplice", do_vmsplice, true},
    {"dio_write", do_dio_write, true},
    {"dio_read", do_dio_read, true},
    {"sys_write", do_sys_write, true},
    {"sys_read", do_sys_read, true},
    {"ur_reg", do_ur_reg, true},
    {"ur_unreg", do_ur_unreg, true},
    {"ur_write", do_ur_write, true},
    {"ur_read", do_ur_read, true},
    {"futex_wait", do_futex_wait, true},
    {"futex_wake", do_futex_wake, true},
    {"futex_done", do_futex_done, true},
    {"dump", do_dump, true},
    {"maps", snapshot_maps, true},
    {"pagemap", snapshot_pagemap, true},
};

void perform(void) {
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
    if (strcmp(operations[i].name, operation()) == 0) {
      operations[i].perform(operations[i].by_process ? input_process("p", "p0") : 0);
      return;
    }
  }
  die("unknown operation %s", operation());
}
