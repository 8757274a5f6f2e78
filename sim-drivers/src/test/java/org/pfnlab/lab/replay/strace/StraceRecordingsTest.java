package org.pfnlab.lab.replay.strace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.lab.replay.Recordings;
import org.pfnlab.lab.verdict.Tally;

/**
 * Real programs: ls, python, git, a shell with pipes, a compiler driver with vfork, and threads of
 * python and of a JVM, whose calls overlap; and programs of random memory calls, stacks that grow
 * down, guard regions and forks among them.
 */
final class StraceRecordingsTest {
  @TempDir Path temporary;

  @ParameterizedTest
  @CsvSource({
    "ls, 47, 0",
    "python-json, 59, 0",
    "git-log, 48, 0",
    "bash-pipes, 203, 0",
    "gcc, 312, 0",
    "python-threads, 208, 0",
    "jvm-threads, 890, 0",
    // two refused mremap calls with an address that strace does not print
    "random-1, 570, 2",
    "random-2, 595, 0",
    "random-3, 597, 0",
  })
  void everyCallAndEveryAddressSpaceAtExitMatch(String program, long matched, long notJudged)
      throws IOException {
    Tally tally = Recordings.replay(Recordings.path("strace/" + program + "/trace.strace.gz"));

    assertThat(tally.mismatched()).as(Recordings.show(tally)).isZero();
    assertThat(tally.notJudged().values().stream().mapToLong(n -> n).sum()).isEqualTo(notJudged);
    assertThat(tally.matched()).isEqualTo(matched);
  }

  /** One change to what was recorded, and what it must show as. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // a mapping one page lower, a refusal that was none, a success that was a refusal
        "ls | trace.strace | -1, 0) = 0x7ffff7fc0000 | -1, 0) = 0x7ffff7fbf000 | mmap(NULL, 8192",
        "ls | trace.strace | 16384, PROT_READ) = 0 | 16384, PROT_READ) = -1 EINVAL (I) | mprotect",
        "ls | trace.strace | = -1 EINVAL (Invalid argument) | = 0 | madvise",
        "ls | trace.strace | = 0x55555559b000 | = 0x55555559c000 | brk",
        // a border, permissions, an offset, a path, a missing VMA in the address space at exit
        "ls | exit-19580.maps | 7ffff7fc0000-7ffff7fc2000 | 7ffff7fc0000-7ffff7fc1000 | address space of process 19580",
        "ls | exit-19580.maps | 555555578000 r--p | 555555578000 rw-p | address space",
        "ls | exit-19580.maps | r--p 0006d000 | r--p 0006e000 | address space",
        "ls | exit-19580.maps | C.utf8/LC_TIME | C.utf8/LC_DATE | address space",
        "ls | exit-19580.maps | [heap] | [head] | address space",
        "ls | exit-19580.maps | ffffffff000 rw-p | ffffffff000 rwxp | address space",
      })
  void noticesAChange(String program, String file, String from, String to, String operation)
      throws IOException {
    TraceFolder changed =
        TraceFolder.copyOf(program, temporary).change(file, text -> replaceFirst(text, from, to));

    Tally tally = changed.replay();

    assertThat(tally.mismatches()).as(from).isNotEmpty();
    assertThat(tally.mismatches().get(0).operation()).contains(operation);
    assertThat(tally.mismatches().get(0).picture()).isNotEmpty();
  }

  private static String replaceFirst(String text, String from, String to) {
    int at = text.indexOf(from);
    return at < 0 ? text : text.substring(0, at) + to + text.substring(at + from.length());
  }

  @Test
  void everyLineOfAnExitFileMatters() throws IOException {
    TraceFolder folder = TraceFolder.copyOf("ls", temporary);
    String exit = folder.exits().get(0);
    String whole = TraceFolder.read(folder.path.resolve(exit));
    for (String line : whole.lines().toList()) {
      if (line.endsWith("[vsyscall]")) {
        continue;
      }
      folder.write(exit, whole.replace(line + "\n", ""));
      assertThat(folder.replay().mismatched()).as(line).isEqualTo(1);
    }
  }

  @Test
  void everyMappingCallMatters() throws IOException {
    TraceFolder folder = TraceFolder.copyOf("ls", temporary);
    String whole = TraceFolder.read(folder.path.resolve("trace.strace"));
    List<String> missed = new ArrayList<>();
    for (String line : whole.lines().toList()) {
      if (line.contains(" mmap(") || line.contains(" mprotect(")) {
        folder.write("trace.strace", whole.replace(line + "\n", ""));
        if (folder.replay().mismatched() == 0) {
          missed.add(line);
        }
      }
    }
    // ld.so maps read-only segments over what the mapping of the whole library has there already.
    assertThat(missed)
        .hasSize(4)
        .allMatch(line -> line.contains("PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, 3<"));
  }

  /** The last release before a rule disagrees where the rule decides. */
  @ParameterizedTest
  @CsvSource({
    // bss and heap become one VMA; anonymous memory is not placed for huge pages
    "v5.11, ls, 1",
    "v6.18.44-BRK_GROWS_HEAP_ONLY, ls, 1",
    "v6.18.44-ANON_PLACED_FOR_HUGE_PAGES, jvm-threads, 1",
    "v6.18.44-GAPS_FOUND_WITHOUT_GUARD, random-1, 1",
  })
  void rulesDecide(String kernel, String program, long atLeast) throws IOException {
    assertThat(TraceFolder.copyOf(program, temporary).replay(kernel).mismatched())
        .isGreaterThanOrEqualTo(atLeast);
  }
}
