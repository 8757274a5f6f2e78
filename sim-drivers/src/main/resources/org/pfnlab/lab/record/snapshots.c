/* What the page tables of the workers hold, by /proc/PID/pagemap and smaps. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "recorder.h"

/* Bits of a pagemap entry; the frame number is zero for those who may not see it. */
#define PRESENT (1UL << 63)
#define SWAPPED (1UL << 62)
#define FILE_PAGE (1UL << 61)
#define GUARD (1UL << 58)
#define UFFD_WP (1UL << 57)
#define MAPPED_ONCE (1UL << 56)
#define SOFT_DIRTY (1UL << 55)
#define FRAME(entry) ((entry) & ((1UL << 55) - 1))

enum { FRAME_SLOTS = 65536 };

static uint64_t zero_frame;
static uint64_t window[WINDOW_PAGES];

/*
 * A mapping that the kernel refuses to place where it is asked to (io_uring) is made anywhere, and
 * shown at these pages of the window.
 */
static unsigned long alias_start;
static unsigned long alias_pages;

static void read_entries(int fd, unsigned long address, unsigned long count, uint64_t* entries) {
  memset(entries, 0, count * sizeof *entries);
  off_t offset = (off_t)(address / PAGE * sizeof *entries);
  if (pread(fd, entries, count * sizeof *entries, offset) < 0) {
    memset(entries, 0, count * sizeof *entries);
  }
}

static uint64_t entry_of(int process, unsigned long address) {
  uint64_t entry;
  int fd = open_proc(process, "pagemap", O_RDONLY);
  read_entries(fd, address & ~(PAGE - 1UL), 1, &entry);
  close(fd);
  return entry;
}

void snapshots_init(void) {
  uint64_t entry = 0;
  volatile char* page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if ((void*)page == MAP_FAILED || fd < 0) {
    die("cannot read /proc/self/pagemap");
  }
  (void)*page;
  read_entries(fd, (unsigned long)page, 1, &entry);
  close(fd);
  munmap((void*)page, PAGE);
  zero_frame = FRAME(entry);
}

/* Frame numbers are for CAP_SYS_ADMIN only. */
bool sees_frames(void) { return zero_frame != 0; }

static const char* state_name(uint64_t entry) {
  if ((entry & PRESENT) != 0) {
    return FRAME(entry) == zero_frame ? "zero" : (entry & FILE_PAGE) != 0 ? "cache" : "anon";
  }
  if ((entry & GUARD) != 0) {
    return "guard";
  }
  return (entry & SWAPPED) != 0 ? "swap" : "none";
}

static uint64_t watched_before;
static int watched_process;
static unsigned long watched_address;

void watch_begin(int process, unsigned long address) {
  watched_process = process;
  watched_address = address;
  watched_before = sees_frames() ? entry_of(process, address) : 0;
}

/* What became of the page, as the last fields of an answer; nothing for those who cannot see it. */
const char* watch_end(void) {
  static char text[96];
  if (!sees_frames()) {
    return "";
  }
  uint64_t after = entry_of(watched_process, watched_address);
  int length = snprintf(text, sizeof text, ",\"tr\":\"%s>%s\"", state_name(watched_before),
                        state_name(after));
  if ((watched_before & after & PRESENT) != 0) {
    snprintf(text + length, sizeof text - (size_t)length, ",\"same\":%s",
             FRAME(watched_before) == FRAME(after) ? "true" : "false");
  }
  return text;
}

bool is_alias(long page) {
  return alias_start != 0 && page >= ALIAS_PAGE && page < ALIAS_PAGE + (long)alias_pages;
}

unsigned long alias_address(long page) {
  return alias_start + (unsigned long)((page - ALIAS_PAGE) * PAGE);
}

void set_alias(unsigned long address, unsigned long pages) {
  if (pages > WINDOW_PAGES - ALIAS_PAGE) {
    die("an alias of %lu pages does not fit into the window", pages);
  }
  alias_start = address;
  alias_pages = pages;
}

/* The page of the window that an address lies in, or -1. */
long window_page(unsigned long address) {
  if (address >= WINDOW_START && address < WINDOW_END) {
    return (long)((address - WINDOW_START) / PAGE);
  }
  if (alias_start != 0 && address >= alias_start && address < alias_start + alias_pages * PAGE) {
    return ALIAS_PAGE + (long)((address - alias_start) / PAGE);
  }
  return -1;
}

/* One VMA of smaps; sizes are pages. */
struct area {
  unsigned long rss;
  unsigned long private_pages;
  unsigned long shared_pages;
  unsigned long anonymous;
  unsigned long swap;
  unsigned long huge;
};

static void add_field(struct area* area, const char* line) {
  char key[32];
  unsigned long kilobytes;
  if (sscanf(line, "%31[A-Za-z_]: %lu", key, &kilobytes) != 2) {
    return;
  }
  unsigned long pages = kilobytes / 4;
  if (strcmp(key, "Rss") == 0) {
    area->rss = pages;
  } else if (strcmp(key, "Private_Clean") == 0 || strcmp(key, "Private_Dirty") == 0) {
    area->private_pages += pages;
  } else if (strcmp(key, "Shared_Clean") == 0 || strcmp(key, "Shared_Dirty") == 0) {
    area->shared_pages += pages;
  } else if (strcmp(key, "Anonymous") == 0) {
    area->anonymous = pages;
  } else if (strcmp(key, "AnonHugePages") == 0) {
    area->huge = pages;
  } else if (strcmp(key, "Swap") == 0) {
    area->swap = pages;
  }
}

/* The line that begins a VMA; false if it is none or lies outside of the window. */
static bool begin_area(char* line, bool* is_header, bool first) {
  unsigned long start, end, offset, inode;
  unsigned major, minor;
  char permissions[8];
  int path = 0;
  *is_header = sscanf(line, "%lx-%lx %7s %lx %x:%x %lu %n", &start, &end, permissions, &offset,
                      &major, &minor, &inode, &path) == 7;
  if (!*is_header || window_page(start) < 0) {
    return false;
  }
  line[strcspn(line, "\n")] = '\0';
  const char* object = object_name(line + path, major, minor, inode);
  printf("%s{\"s\":%ld,\"n\":%lu,\"perm\":\"%s\",\"obj\":", first ? "" : ",", window_page(start),
         (end - start) / PAGE, permissions);
  printf(object == NULL ? "null" : "\"%s\"", object);
  printf(",\"off\":%lu", offset / PAGE);
  return true;
}

static void end_area(const struct area* area, char* flags) {
  flags += strspn(flags, " ");
  size_t length = strlen(flags);
  while (length > 0 && (flags[length - 1] == '\n' || flags[length - 1] == ' ')) {
    flags[--length] = '\0';
  }
  printf(",\"rss\":%lu,\"priv\":%lu,\"shr\":%lu,\"anon\":%lu,\"swap\":%lu", area->rss,
         area->private_pages, area->shared_pages, area->anonymous, area->swap);
  if (area->huge != 0) {
    printf(",\"thp\":%lu", area->huge);
  }
  printf(",\"fl\":\"%s\"}", flags);
}

static void begin_snapshot(const char* operation, int process) {
  printf("{\"i\":%d,\"op\":\"%s\"", take_sequence_number(), operation);
  if (process >= 0) {
    printf(",\"p\":\"p%d\"", process);
  }
  printf(",\"r\":{");
}

void snapshot_maps(int process) {
  char line[1024];
  struct area area;
  bool inside = false;
  bool first = true;
  FILE* smaps = fdopen(open_proc(process, "smaps", O_RDONLY), "r");
  if (smaps == NULL) {
    die("cannot read smaps");
  }
  begin_snapshot("maps", process);
  printf("\"vmas\":[");
  while (fgets(line, sizeof line, smaps) != NULL) {
    bool is_header;
    if (begin_area(line, &is_header, first)) {
      memset(&area, 0, sizeof area);
      inside = true;
      first = false;
    } else if (is_header) {
      inside = false;
    } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
      end_area(&area, line + 8);
      inside = false;
    } else if (inside) {
      add_field(&area, line);
    }
  }
  fclose(smaps);
  printf("]}}\n");
}

static void read_window(int process) {
  int fd = open_proc(process, "pagemap", O_RDONLY);
  read_entries(fd, WINDOW_START, WINDOW_PAGES, window);
  if (alias_start != 0) {
    read_entries(fd, alias_start, alias_pages, window + ALIAS_PAGE);
  }
  close(fd);
}

static void flag_letters(uint64_t entry, char* letters) {
  static const struct {
    uint64_t bit;
    char letter;
  } flags[] = {{PRESENT, 'P'}, {SWAPPED, 'S'}, {FILE_PAGE, 'F'}, {MAPPED_ONCE, 'X'},
               {GUARD, 'G'},   {UFFD_WP, 'W'}, {SOFT_DIRTY, 'D'}};
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    if ((entry & flags[i].bit) != 0) {
      *letters++ = flags[i].letter;
    }
  }
  if ((entry & PRESENT) != 0 && FRAME(entry) == zero_frame) {
    *letters++ = 'Z';
  }
  *letters = '\0';
}

void snapshot_pagemap(int process) {
  char letters[16];
  char run[16] = "";
  unsigned long start = 0;
  const char* comma = "";
  if (!sees_frames()) {
    return;
  }
  read_window(process);
  begin_snapshot("pagemap", process);
  printf("\"runs\":[");
  for (unsigned long page = 0; page <= WINDOW_PAGES; page++) {
    letters[0] = '\0';
    if (page < WINDOW_PAGES) {
      flag_letters(window[page], letters);
    }
    if (strcmp(letters, run) != 0 || page == WINDOW_PAGES) {
      if (run[0] != '\0') {
        printf("%s[%lu,%lu,\"%s\"]", comma, start, page - start, run);
        comma = ",";
      }
      strcpy(run, letters);
      start = page;
    }
  }
  printf("]}}\n");
}

/* Frames by their number, each with an identity that counts from 0 within one snapshot. */
static uint64_t frame_keys[FRAME_SLOTS];
static int frame_ids[FRAME_SLOTS];
static int next_id;

static long identity(uint64_t frame) {
  unsigned slot = (unsigned)((frame * 0x9E3779B97F4A7C15UL) >> 48);
  while (frame_ids[slot] >= 0 && frame_keys[slot] != frame) {
    slot = (slot + 1) % FRAME_SLOTS;
  }
  if (frame_ids[slot] < 0) {
    frame_keys[slot] = frame;
    frame_ids[slot] = next_id++;
  }
  return frame_ids[slot];
}

enum { ABSENT = -2, ZERO = -1 };

static long identity_at(unsigned long page) {
  if (page >= WINDOW_PAGES || (window[page] & PRESENT) == 0) {
    return ABSENT;
  }
  return FRAME(window[page]) == zero_frame ? ZERO : identity(FRAME(window[page]));
}

static void print_frames(void) {
  const char* comma = "";
  unsigned long start = 0;
  long first = ABSENT;
  for (unsigned long page = 0; page <= WINDOW_PAGES; page++) {
    long id = identity_at(page);
    long expected = first >= 0 ? first + (long)(page - start) : first;
    if (first != ABSENT && id == expected) {
      continue;
    }
    if (first == ZERO) {
      printf("%s[%lu,%lu,\"Z\"]", comma, start, page - start);
    } else if (first >= 0) {
      printf("%s[%lu,%lu,%ld]", comma, start, page - start, first);
    }
    comma = first == ABSENT ? comma : ",";
    first = id;
    start = page;
  }
}

void snapshot_frames(void) {
  const char* comma = "";
  if (!sees_frames()) {
    return;
  }
  next_id = 0;
  memset(frame_ids, 0xff, sizeof frame_ids);
  begin_snapshot("frames", -1);
  printf("\"procs\":{");
  for (int process = 0; process < MAX_PROCESSES; process++) {
    if (processes[process].alive) {
      read_window(process);
      printf("%s\"p%d\":[", comma, process);
      print_frames();
      printf("]");
      comma = ",";
    }
  }
  printf("}}}\n");
}
