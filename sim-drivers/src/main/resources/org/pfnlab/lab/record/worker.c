/* A worker: performs one command after the other and survives SIGSEGV, SIGBUS and SIGILL. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "recorder.h"

static sigjmp_buf recovery;
static volatile int caught_signal;
static volatile int caught_code;
static char signal_stack[65536];
static unsigned char buffer[LONGEST_TRANSFER];
static struct reply answer;

static void on_fault(int signal, siginfo_t* info, void* context) {
  (void)context;
  caught_signal = signal;
  caught_code = info->si_code;
  siglongjmp(recovery, 1);
}

static void on_interrupt(int signal) { (void)signal; }

static void catch_signals(void) {
  stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
  struct sigaction action;
  sigaltstack(&stack, NULL);
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGILL, &action, NULL);
  memset(&action, 0, sizeof action);
  action.sa_handler = on_interrupt;
  sigaction(SIGUSR1, &action, NULL);
}

/* One io_uring for each worker, made when it is first needed. */
static int ring_fd = -1;
static struct io_uring_params ring;
static char* ring_submissions;
static char* ring_completions;
static struct io_uring_sqe* ring_entries;

static void* map_ring(int fd, size_t size, off_t what) {
  return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);
}

static int open_ring(void) {
  if (ring_fd >= 0) {
    return 0;
  }
  memset(&ring, 0, sizeof ring);
  int fd = (int)syscall(SYS_io_uring_setup, 4, &ring);
  if (fd < 0) {
    return -1;
  }
  ring_submissions =
      map_ring(fd, ring.sq_off.array + ring.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
  ring_completions = map_ring(fd, ring.cq_off.cqes + ring.cq_entries * sizeof(struct io_uring_cqe),
                              IORING_OFF_CQ_RING);
  ring_entries = map_ring(fd, ring.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
  if (ring_submissions == MAP_FAILED || ring_completions == MAP_FAILED ||
      (void*)ring_entries == MAP_FAILED) {
    close(fd);
    errno = ENOMEM;
    return -1;
  }
  ring_fd = fd;
  return 0;
}

static unsigned* ring_field(char* base, unsigned offset) {
  return (unsigned*)(void*)(base + offset);
}

/* Submits one transfer through buffer 0 and waits for it: bytes, or -errno. */
static long ring_transfer(int opcode, int fd, unsigned long address, unsigned length) {
  unsigned* tail = ring_field(ring_submissions, ring.sq_off.tail);
  unsigned index = *tail & *ring_field(ring_submissions, ring.sq_off.ring_mask);
  struct io_uring_sqe* entry = &ring_entries[index];
  memset(entry, 0, sizeof *entry);
  entry->opcode = (unsigned char)opcode;
  entry->fd = fd;
  entry->addr = address;
  entry->len = length;
  ring_field(ring_submissions, ring.sq_off.array)[index] = index;
  __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring_fd, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) < 0) {
    return -errno;
  }
  unsigned* head = ring_field(ring_completions, ring.cq_off.head);
  unsigned mask = *ring_field(ring_completions, ring.cq_off.ring_mask);
  struct io_uring_cqe* completions = (void*)(ring_completions + ring.cq_off.cqes);
  long result = completions[*head & mask].res;
  __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
  return result;
}

static void read_fully(int fd, void* bytes, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t n = read(fd, (char*)bytes + done, size - done);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      _exit(3); /* the controller is gone */
    }
    done += (size_t)n;
  }
}

static void send_answer(int socket) {
  size_t done = 0;
  while (done < sizeof answer) {
    ssize_t n = send(socket, (char*)&answer + done, sizeof answer - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      _exit(3);
    }
    done += (size_t)n;
  }
}

static long take_fd(int socket) {
  char byte;
  char control[CMSG_SPACE(sizeof(int))];
  struct iovec vector = {&byte, 1};
  struct msghdr message = {.msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
  if (recvmsg(socket, &message, 0) != 1) {
    return -1;
  }
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  int fd = -1;
  if (header != NULL && header->cmsg_type == SCM_RIGHTS) {
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
  }
  return fd;
}

static long access_remote(const long* args) {
  struct iovec here = {buffer, (size_t)args[3]};
  struct iovec there = {(void*)args[2], (size_t)args[3]};
  memset(buffer, (int)args[4], (size_t)args[3]);
  long number = args[0] ? SYS_process_vm_writev : SYS_process_vm_readv;
  long result = syscall(number, args[1], &here, 1, &there, 1, 0);
  if (!args[0] && result > 0) {
    unsigned long start = (unsigned long)args[2];
    unsigned long end = start + (unsigned long)result;
    for (unsigned long at = start; at < end && answer.count < PAGE; at = (at | (PAGE - 1)) + 1) {
      answer.data[answer.count++] = buffer[at - start];
    }
  }
  return result;
}

/* Memory is touched in functions of their own, so that no local variable lives across a jump. */
static long touch(int kind, const long* args) {
  if (sigsetjmp(recovery, 1) != 0) {
    return 0;
  }
  if (kind == DO_LOAD) {
    return *(volatile unsigned char*)args[0];
  }
  if (kind == DO_STORE) {
    *(volatile unsigned char*)args[0] = (unsigned char)args[1];
  } else {
    ((void (*)(void))args[0])();
  }
  return 0;
}

static long do_io(const long* args) {
  void* address = (void*)args[2];
  return args[0] ? pwrite((int)args[1], address, (size_t)args[3], 0)
                 : pread((int)args[1], address, (size_t)args[3], 0);
}

static long do_ring(const struct command* command) {
  const long* args = command->args;
  if (command->kind == DO_RING_REGISTER) {
    struct iovec vector = {(void*)args[0], (size_t)args[1]};
    if (open_ring() < 0) {
      answer.count = 1; /* not the buffer was refused but the ring */
      return -1;
    }
    return syscall(SYS_io_uring_register, ring_fd, IORING_REGISTER_BUFFERS, &vector, 1);
  }
  if (ring_fd < 0) {
    errno = ENXIO;
    return -1;
  }
  if (command->kind == DO_RING_UNREGISTER) {
    return syscall(SYS_io_uring_register, ring_fd, IORING_UNREGISTER_BUFFERS, 0, 0);
  }
  int opcode = args[0] ? IORING_OP_WRITE_FIXED : IORING_OP_READ_FIXED;
  long result = ring_transfer(opcode, (int)args[1], (unsigned long)args[2], (unsigned)args[3]);
  if (result < 0) {
    errno = (int)-result;
    return -1;
  }
  return result;
}

static long aio_setup(void) {
  static unsigned long context;
  context = 0;
  return syscall(SYS_io_setup, 4, &context) == 0 ? (long)context : -1;
}

static long execute(int socket, const struct command* command) {
  const long* a = command->args;
  switch (command->kind) {
    case DO_SYSCALL:
      return syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
    case DO_LOAD:
    case DO_STORE:
    case DO_EXEC:
      return touch(command->kind, a);
    case DO_TAKE_FD:
      return take_fd(socket);
    case DO_MINCORE:
      return syscall(SYS_mincore, a[0], a[1], answer.data);
    case DO_PVM:
      return access_remote(a);
    case DO_VMSPLICE: {
      struct iovec vector = {(void*)a[1], (size_t)a[2]};
      return vmsplice((int)a[0], &vector, 1, SPLICE_F_NONBLOCK);
    }
    case DO_IO:
      return do_io(a);
    case DO_RING_REGISTER:
    case DO_RING_UNREGISTER:
    case DO_RING_IO:
      return do_ring(command);
    case DO_AIO_SETUP:
      return aio_setup();
    default:
      errno = ENOSYS;
      return -1;
  }
}

/* Whatever it sleeps in, it ends when its time is over, even if the controller was killed. */
static void limit_time(unsigned seconds) {
  signal(SIGALRM, SIG_DFL);
  alarm(seconds);
}

_Noreturn void worker_run(int self, const int* sockets, unsigned seconds) {
  struct command command;
  int me = self;
  catch_signals();
  limit_time(seconds);
  /* Other processes of the recording may look into this one even where only ancestors may. */
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  for (;;) {
    read_fully(sockets[me], &command, sizeof command);
    memset(&answer, 0, offsetof(struct reply, data));
    caught_signal = 0;
    errno = 0;
    if (command.kind == DO_EXIT) {
      send_answer(sockets[me]);
      _exit(0);
    }
    if (command.kind == DO_FORK) {
      pid_t child = fork();
      if (child == 0) {
        me = (int)command.args[0];
        if (ring_fd >= 0) {
          close(ring_fd);
          ring_fd = -1;
        }
        catch_signals();
        limit_time(seconds);
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
        continue;
      }
      answer.result = child;
    } else {
      answer.result = execute(sockets[me], &command);
    }
    answer.error = answer.result == -1 ? errno : 0;
    answer.signal = caught_signal;
    answer.signal_code = caught_code;
    send_answer(sockets[me]);
  }
}
