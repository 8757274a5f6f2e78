/*
 * The recorder: performs a script of memory-management operations in real processes and prints one
 * JSON object a line with the inputs and what the kernel answered.
 *
 * The controller (main.c) reads the script and owns all objects: files, memfds, pipes, sockets.
 * Workers p0, p1, ... (worker.c) are processes that perform the operations. p0 is forked by the
 * controller, every other one by a worker. A worker is handed the controller's descriptors, so that
 * all map the same open file description. Everything runs on one CPU, because the kernel keeps
 * batches of pages for each CPU.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <stdbool.h>
#include <stdint.h>

enum {
  PAGE = 4096,
  WINDOW_PAGES = 4096,
  MAX_PROCESSES = 48,
  MAX_HANDLES = 64,
  MAX_PIPES = 16,
  /* Descriptors of a worker: handles, pipes, the scratch file with and without O_DIRECT. */
  SLOT_PIPES = MAX_HANDLES,
  SLOT_SCRATCH = SLOT_PIPES + MAX_PIPES,
  SLOT_SCRATCH_DIRECT,
  MAX_SLOTS,
  LONGEST_TRANSFER = 1 << 20,
};

/* Nothing else in a worker maps anything near the window. */
#define WINDOW_START 0x100000000000UL
#define WINDOW_END (WINDOW_START + (unsigned long)WINDOW_PAGES * PAGE)

/* ---- what a worker is told, and what it answers (worker.c) */

enum command_kind {
  DO_SYSCALL = 1, /* args: number, six arguments */
  DO_LOAD,        /* address */
  DO_STORE,       /* address, value */
  DO_EXEC,        /* address */
  DO_FORK,        /* number of the child */
  DO_EXIT,
  DO_TAKE_FD, /* a descriptor follows */
  DO_MINCORE, /* address, length */
  DO_PVM,     /* write?, pid, address, length, value */
  DO_VMSPLICE,
  DO_IO, /* write?, fd, address, length */
  DO_RING_REGISTER,
  DO_RING_UNREGISTER,
  DO_RING_IO, /* write?, fd, address, length */
  DO_AIO_SETUP,
};

struct command {
  int kind;
  int pad;
  long args[8];
};

struct reply {
  long result;
  int error;
  int signal;
  int signal_code;
  int count; /* bytes in data that mean something */
  unsigned char data[PAGE];
};

_Noreturn void worker_run(int self, const int* sockets, unsigned seconds);

/* ---- the controller's view of the workers (main.c) */

struct process {
  bool alive;
  bool used; /* a name is used only once */
  bool blocked;
  int pid;
  int pidfd;
  int fds[MAX_SLOTS];
};

extern struct process processes[MAX_PROCESSES];
extern struct reply reply;

void call(int process, const struct command* command);
long call_syscall(int process, long number, long a, long b, long c, long d, long e);
bool await_reply(int process, int milliseconds);
void send_command(int process, const struct command* command);
int worker_fd(int process, int slot, int fd);
int open_proc(int process, const char* file, int flags);
void wait_until_gone(int process);
_Noreturn void die(const char* format, ...) __attribute__((format(printf, 1, 2)));

/* ---- the operation at hand (script.c) */

bool next_operation(void);
const char* operation(void);
const char* input(const char* key);
const char* input_or_die(const char* key);
long input_number(const char* key, long otherwise);
long input_flags(const char* key, const char* kind);
int input_protection(void);
unsigned long input_address(void);
unsigned long input_length(const char* pages, const char* raw);
int input_process(const char* key, const char* otherwise);

void begin_line(void);
void end_line(const char* format, ...) __attribute__((format(printf, 1, 2)));
void end_ok(long result, int error);
void end_bytes(long result, int error, const unsigned char* bytes, int count, const char* more);
int script_line(void);
int sequence_number(void);
int take_sequence_number(void);

/* ---- objects (objects.c) */

struct handle {
  char name[16];
  char object[16];
  int fd;
  bool open;
};

struct pipe {
  char name[16];
  int fds[2];
};

void objects_init(const char* directory);
void open_object(void);
struct handle* find_handle(const char* name);
int handle_slot(const struct handle* handle);
struct pipe* find_pipe(const char* name);
int pipe_slot(const struct pipe* pipe);
const char* object_name(const char* path, unsigned major, unsigned minor, unsigned long inode);
int scratch_file(bool direct);
const char* scratch_directory(void);

/* ---- looking at page tables (snapshots.c) */

void snapshots_init(void);
bool sees_frames(void);
void watch_begin(int process, unsigned long address);
const char* watch_end(void);
long window_page(unsigned long address);
bool is_alias(long page);
unsigned long alias_address(long page);
void set_alias(unsigned long address, unsigned long pages);
void snapshot_maps(int process);
void snapshot_pagemap(int process);
void snapshot_frames(void);

/* ---- operations.c */

void perform(void);

/* ---- facts.c */

void print_header(void);

const char* error_name(int error);

enum { ALIAS_PAGE = 3000 };

#endif
