/* The script: one operation a line, OPERATION key=value ..., and the lines of the recording. */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "recorder.h"

enum { MAX_INPUTS = 24 };

struct named {
  const char* kind;
  const char* name;
  long value;
};

/* Written as numbers where an older libc does not know them. */
static const struct named flags[] = {
    {"mmap", "shared", MAP_SHARED},
    {"mmap", "private", MAP_PRIVATE},
    {"mmap", "shared_validate", 3},
    {"mmap", "anon", MAP_ANONYMOUS},
    {"mmap", "fixed", MAP_FIXED},
    {"mmap", "fixed_noreplace", 0x100000},
    {"mmap", "populate", MAP_POPULATE},
    {"mmap", "locked", MAP_LOCKED},
    {"mmap", "growsdown", MAP_GROWSDOWN},
    {"mmap", "noreserve", MAP_NORESERVE},
    {"mmap", "nonblock", MAP_NONBLOCK},
    {"mmap", "stack", MAP_STACK},
    {"mmap", "sync", 0x80000},
    {"mmap", "droppable", 8},
    {"mremap", "none", 0},
    {"mremap", "maymove", 1},
    {"mremap", "fixed", 2},
    {"mremap", "dontunmap", 4},
    {"advice", "normal", 0},
    {"advice", "random", 1},
    {"advice", "sequential", 2},
    {"advice", "willneed", 3},
    {"advice", "dontneed", 4},
    {"advice", "free", 8},
    {"advice", "remove", 9},
    {"advice", "dontfork", 10},
    {"advice", "dofork", 11},
    {"advice", "mergeable", 12},
    {"advice", "unmergeable", 13},
    {"advice", "hugepage", 14},
    {"advice", "nohugepage", 15},
    {"advice", "dontdump", 16},
    {"advice", "dodump", 17},
    {"advice", "wipeonfork", 18},
    {"advice", "keeponfork", 19},
    {"advice", "cold", 20},
    {"advice", "pageout", 21},
    {"advice", "populate_read", 22},
    {"advice", "populate_write", 23},
    {"advice", "dontneed_locked", 24},
    {"advice", "collapse", 25},
    {"advice", "guard_install", 102},
    {"advice", "guard_remove", 103},
    {"advice", "bogus", 9999},
    {"msync", "none", 0},
    {"msync", "async", MS_ASYNC},
    {"msync", "sync", MS_SYNC},
    {"msync", "invalidate", MS_INVALIDATE},
    {"mlock2", "onfault", 1},
    {"mlockall", "current", MCL_CURRENT},
    {"mlockall", "future", MCL_FUTURE},
    {"mlockall", "onfault", 4},
    {"seal", "seal", F_SEAL_SEAL},
    {"seal", "shrink", F_SEAL_SHRINK},
    {"seal", "grow", F_SEAL_GROW},
    {"seal", "write", F_SEAL_WRITE},
    {"seal", "future_write", 16},
};

static char line[4096];
static const char* name;
static struct {
  const char* key;
  const char* value;
} inputs[MAX_INPUTS];
static int input_count;
static int sequence;
static int lines_read;

/* Reads the next operation; empty lines and comments are passed over. */
bool next_operation(void) {
  while (fgets(line, sizeof line, stdin) != NULL) {
    char* rest;
    lines_read++;
    line[strcspn(line, "\n#")] = '\0';
    name = strtok_r(line, " \t", &rest);
    if (name == NULL) {
      continue;
    }
    input_count = 0;
    for (char* word; (word = strtok_r(NULL, " \t", &rest)) != NULL;) {
      char* equals = strchr(word, '=');
      if (equals == NULL || input_count == MAX_INPUTS) {
        die("expected key=value instead of %s", word);
      }
      *equals = '\0';
      inputs[input_count].key = word;
      inputs[input_count++].value = equals + 1;
    }
    return true;
  }
  return false;
}

/* Counted from 1; the header before the script has none. */
int script_line(void) { return lines_read - 1; }

const char* operation(void) { return name; }

const char* input(const char* key) {
  for (int i = 0; i < input_count; i++) {
    if (strcmp(inputs[i].key, key) == 0) {
      return inputs[i].value;
    }
  }
  return NULL;
}

const char* input_or_die(const char* key) {
  const char* value = input(key);
  if (value == NULL) {
    die("%s needs %s=", name, key);
  }
  return value;
}

long input_number(const char* key, long otherwise) {
  const char* value = input(key);
  return value == NULL ? otherwise : strtol(value, NULL, 0);
}

/* The input "flags", "adv" or "seals": names of this kind, joined with +, or numbers. */
long input_flags(const char* key, const char* kind) {
  char names[160];
  char* rest;
  long result = 0;
  snprintf(names, sizeof names, "%s", input(key) == NULL ? "" : input(key));
  for (char* word = strtok_r(names, "+", &rest); word != NULL; word = strtok_r(NULL, "+", &rest)) {
    size_t i = 0;
    size_t count = sizeof flags / sizeof flags[0];
    while (i < count && (strcmp(flags[i].kind, kind) != 0 || strcmp(flags[i].name, word) != 0)) {
      i++;
    }
    char* end;
    long number = strtol(word, &end, 0);
    if (i == count && *end != '\0') {
      die("unknown %s flag %s", kind, word);
    }
    result |= i < count ? flags[i].value : number;
  }
  return result;
}

int input_protection(void) {
  const char* letters = input("prot");
  int result = 0;
  if (letters == NULL || strcmp(letters, "none") == 0) {
    return 0;
  }
  for (; *letters != '\0'; letters++) {
    switch (*letters) {
      case 'r':
        result |= PROT_READ;
        break;
      case 'w':
        result |= PROT_WRITE;
        break;
      case 'x':
        result |= PROT_EXEC;
        break;
      case 'd':
        result |= PROT_GROWSDOWN;
        break;
      case 'u':
        result |= PROT_GROWSUP;
        break;
      case '?':
        result |= 0x100; /* a bit without a meaning */
        break;
      default:
        die("unknown protection %s", letters);
    }
  }
  return result;
}

unsigned long input_address(void) {
  if (input("rawaddr") != NULL) {
    return strtoull(input("rawaddr"), NULL, 0);
  }
  long page = input_number("page", 0);
  unsigned long start =
      is_alias(page) ? alias_address(page) : WINDOW_START + (unsigned long)(page * PAGE);
  return start + (unsigned long)input_number("off", 0);
}

unsigned long input_length(const char* pages, const char* raw) {
  if (input(raw) != NULL) {
    return strtoull(input(raw), NULL, 0);
  }
  return (unsigned long)(input_number(pages, 1) * PAGE + input_number("nb", 0));
}

int input_process(const char* key, const char* otherwise) {
  const char* value = input(key) == NULL ? otherwise : input(key);
  if (value == NULL || value[0] != 'p') {
    die("expected a process like p0 in %s=", key);
  }
  int number = atoi(value + 1);
  if (number < 0 || number >= MAX_PROCESSES || !processes[number].alive) {
    die("process %s is not alive", value);
  }
  return number;
}

/* The operation with its inputs; what looks like a number becomes one. */
void begin_line(void) {
  printf("{\"i\":%d,\"op\":\"%s\"", sequence++, name);
  for (int i = 0; i < input_count; i++) {
    const char* value = inputs[i].value;
    char* end;
    long number = strtol(value, &end, 10);
    if (*value != '\0' && *end == '\0') {
      printf(",\"%s\":%ld", inputs[i].key, number);
    } else {
      printf(",\"%s\":\"%s\"", inputs[i].key, value);
    }
  }
}

int sequence_number(void) { return sequence; }

int take_sequence_number(void) { return sequence++; }

void end_line(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf(",\"r\":{");
  vprintf(format, arguments);
  printf("}}\n");
  va_end(arguments);
}

void end_ok(long result, int error) {
  if (result == -1) {
    end_line("\"err\":\"%s\"", error_name(error));
  } else {
    end_line("\"ok\":true");
  }
}

/* Bytes transferred, the first one of each page if count is not negative, and what else there is.
 */
void end_bytes(long result, int error, const unsigned char* bytes, int count, const char* more) {
  printf(",\"r\":{");
  if (result < 0) {
    printf("\"err\":\"%s\"", error_name(error));
  } else {
    printf("\"n\":%ld", result);
    if (count >= 0) {
      printf(",\"v\":[");
      for (int i = 0; i < count; i++) {
        printf("%s%d", i > 0 ? "," : "", bytes[i]);
      }
      printf("]");
    }
  }
  printf("%s}}\n", more);
}

const char* error_name(int error) {
  static const struct {
    int number;
    const char* name;
  } names[] = {
      {EPERM, "EPERM"},         {ENOENT, "ENOENT"},
      {EINTR, "EINTR"},         {EIO, "EIO"},
      {ENXIO, "ENXIO"},         {E2BIG, "E2BIG"},
      {EBADF, "EBADF"},         {EAGAIN, "EAGAIN"},
      {ENOMEM, "ENOMEM"},       {EACCES, "EACCES"},
      {EFAULT, "EFAULT"},       {EBUSY, "EBUSY"},
      {EEXIST, "EEXIST"},       {ENODEV, "ENODEV"},
      {EINVAL, "EINVAL"},       {EMFILE, "EMFILE"},
      {ETXTBSY, "ETXTBSY"},     {EFBIG, "EFBIG"},
      {ENOSPC, "ENOSPC"},       {EROFS, "EROFS"},
      {ENOSYS, "ENOSYS"},       {EOPNOTSUPP, "EOPNOTSUPP"},
      {EOVERFLOW, "EOVERFLOW"}, {ESRCH, "ESRCH"},
      {ECANCELED, "ECANCELED"}, {ETIMEDOUT, "ETIMEDOUT"},
      {EHWPOISON, "EHWPOISON"}, {ENOTCONN, "ENOTCONN"},
      {EILSEQ, "EILSEQ"},
  };
  static char other[16];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (names[i].number == error) {
      return names[i].name;
    }
  }
  snprintf(other, sizeof other, "E%d", error);
  return other;
}
