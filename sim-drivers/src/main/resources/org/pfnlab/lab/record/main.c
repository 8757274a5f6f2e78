/* The controller: starts the first worker, then performs the script on standard input. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder.h"

enum { ANSWER_MILLISECONDS = 8000 };

struct process processes[MAX_PROCESSES];
struct reply reply;

/* Our ends of the workers' sockets, and theirs. */
static int our_ends[MAX_PROCESSES];
static int their_ends[MAX_PROCESSES];

/* By their descriptors: the number of one that has died may be another program's by now. */
static void kill_workers(void) {
  for (int i = 0; i < MAX_PROCESSES; i++) {
    if (processes[i].alive) {
      syscall(SYS_pidfd_send_signal, processes[i].pidfd, SIGKILL, NULL, 0);
    }
  }
}

_Noreturn void die(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "line %d: ", script_line());
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n");
  va_end(arguments);
  kill_workers();
  exit(2);
}

static void on_deadline(int signal) {
  (void)signal;
  kill_workers();
  static const char message[] = "the script took too long\n";
  ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
  _exit(written < 0 ? 4 : 3);
}

void send_command(int process, const struct command* command) {
  if (send(our_ends[process], command, sizeof *command, MSG_NOSIGNAL) != (ssize_t)sizeof *command) {
    die("p%d is gone", process);
  }
}

bool await_reply(int process, int milliseconds) {
  struct pollfd socket = {our_ends[process], POLLIN, 0};
  if (poll(&socket, 1, milliseconds) <= 0) {
    return false;
  }
  size_t done = 0;
  while (done < sizeof reply) {
    ssize_t n = read(our_ends[process], (char*)&reply + done, sizeof reply - done);
    if (n <= 0) {
      die("p%d died", process);
    }
    done += (size_t)n;
  }
  return true;
}

void call(int process, const struct command* command) {
  if (processes[process].blocked) {
    die("p%d is blocked", process);
  }
  send_command(process, command);
  if (!await_reply(process, ANSWER_MILLISECONDS)) {
    die("p%d did not answer", process);
  }
}

long call_syscall(int process, long number, long a, long b, long c, long d, long e) {
  struct command command = {.kind = DO_SYSCALL, .args = {number, a, b, c, d, e}};
  call(process, &command);
  return reply.result;
}

static void send_fd(int process, int fd) {
  char byte = 0;
  char control[CMSG_SPACE(sizeof fd)];
  struct iovec vector = {&byte, 1};
  struct msghdr message = {.msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
  memset(control, 0, sizeof control);
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  if (sendmsg(our_ends[process], &message, MSG_NOSIGNAL) != 1) {
    die("cannot hand a descriptor to p%d", process);
  }
}

/* The worker's descriptor of the same open file; handed over when it is first needed. */
int worker_fd(int process, int slot, int fd) {
  int* known = &processes[process].fds[slot];
  if (*known < 0) {
    struct command command = {.kind = DO_TAKE_FD};
    send_command(process, &command);
    send_fd(process, fd);
    if (!await_reply(process, ANSWER_MILLISECONDS) || reply.result < 0) {
      die("p%d did not take a descriptor", process);
    }
    *known = (int)reply.result;
  }
  return *known;
}

int open_proc(int process, const char* file, int flags) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", processes[process].pid, file);
  int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) {
    die("cannot open %s: %s", path, strerror(errno));
  }
  return fd;
}

/* Its memory is gone when this returns. */
void wait_until_gone(int process) {
  struct process* gone = &processes[process];
  struct pollfd exited = {gone->pidfd, POLLIN, 0};
  poll(&exited, 1, ANSWER_MILLISECONDS);
  close(gone->pidfd);
  gone->alive = false;
  for (int i = 0; i < 2000 && kill(gone->pid, 0) == 0; i++) {
    usleep(100);
  }
}

static void use_one_cpu(void) {
  cpu_set_t allowed;
  cpu_set_t one;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
    return;
  }
  for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--) {
    if (CPU_ISSET(cpu, &allowed)) {
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      sched_setaffinity(0, sizeof one, &one);
      return;
    }
  }
}

static void limit(int resource, rlim_t to) {
  struct rlimit limits;
  if (getrlimit(resource, &limits) == 0 &&
      (limits.rlim_max == RLIM_INFINITY || to <= limits.rlim_max)) {
    limits.rlim_cur = to;
    setrlimit(resource, &limits);
  }
}

static void start_first_worker(unsigned seconds) {
  for (int i = 0; i < MAX_PROCESSES; i++) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      die("socketpair: %s", strerror(errno));
    }
    our_ends[i] = ends[0];
    their_ends[i] = ends[1];
    memset(processes[i].fds, 0xff, sizeof processes[i].fds);
  }
  fflush(stdout);
  pid_t pid = fork();
  if (pid < 0) {
    die("fork: %s", strerror(errno));
  }
  if (pid == 0) {
    for (int i = 0; i < MAX_PROCESSES; i++) {
      close(our_ends[i]); /* or nobody would notice that the controller is gone */
    }
    worker_run(0, their_ends, seconds);
  }
  processes[0] = (struct process){.alive = true, .used = true, .pid = pid};
  memset(processes[0].fds, 0xff, sizeof processes[0].fds);
  processes[0].pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
}

int main(int argc, char** argv) {
  static char output[1 << 16];
  if (argc != 3) {
    fprintf(stderr, "usage: recorder DIRECTORY SECONDS < script > recording\n");
    return 2;
  }
  setvbuf(stdout, output, _IOFBF, sizeof output);
  use_one_cpu();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  limit(RLIMIT_STACK, 8 << 20); /* bounds how far MAP_GROWSDOWN grows */
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 1 << 30);
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGALRM, on_deadline);
  unsigned seconds = (unsigned)atoi(argv[2]);
  alarm(seconds);
  munmap((void*)WINDOW_START, (size_t)WINDOW_PAGES * PAGE);
  objects_init(argv[1]);
  snapshots_init();
  start_first_worker(seconds);
  while (next_operation()) {
    perform();
    if (ferror(stdout)) {
      die("cannot write the recording");
    }
  }
  fflush(stdout);
  kill_workers();
  return ferror(stdout) ? 2 : 0;
}
