package org.pfnlab.lab.replay.strace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.pfnlab.lab.replay.Recordings;
import org.pfnlab.lab.verdict.Tally;

/**
 * What the recorded programs do not do, as traces written by hand. The program of the traces has
 * its heap from 55555555a000 on; the first gap from the top ends at 7ffff7fc2000; the gap above the
 * vvar, two pages, ends at 7ffff7fc8000.
 */
final class StraceScenariosTest {
  private static final String ANON = "MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)";
  private static final String RW = "PROT_READ|PROT_WRITE, ";

  @TempDir Path folder;

  private static Arguments scenario(String name, long matched, String notJudged, String lines) {
    return Arguments.of(name, matched, notJudged, lines);
  }

  /** Scenarios that agree; matched includes the execve. */
  static Stream<Arguments> scenarios() {
    return Stream.of(
        scenario(
            "the highest gap that fits",
            4,
            "{}",
            """
            1 mmap(NULL, 8192, RW ANON = 0x7ffff7fc6000
            1 mmap(NULL, 8192, RW ANON = 0x7ffff7fc0000
            1 mmap(NULL, 8192, RW ANON = 0x7ffff7fbe000
            """),
        scenario(
            "a hint that is free, one that is not, one below mmap_min_addr",
            4,
            "{}",
            """
            1 mmap(0x10000000, 4096, RW ANON = 0x10000000
            1 mmap(0x10000000, 4096, RW ANON = 0x7ffff7fc7000
            1 mmap(0x1000, 4096, RW ANON = 0x10000
            """),
        scenario(
            "huge pages: only whole ones without a hint",
            4,
            "{}",
            """
            1 mmap(NULL, 4194304, RW ANON = 0x7ffff7a00000
            1 mmap(NULL, 4198400, RW ANON = 0x7ffff75ff000
            1 mmap(NULL, 4194304, RW MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x7ffff71ff000
            """),
        scenario(
            "files of a disk are placed for huge pages by their offset, memfds are not",
            3,
            "{}",
            """
            1 mmap(NULL, 4194304, PROT_READ, MAP_PRIVATE, 3</usr/lib/big>, 0x1000) = 0x7ffff7a01000
            1 mmap(NULL, 4194304, RW MAP_SHARED, 4</memfd:m>(deleted), 0) = 0x7ffff7601000
            """),
        scenario(
            "MAP_32BIT goes upwards from 1 GiB",
            3,
            "{}",
            """
            1 mmap(NULL, 8192, RW MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0) = 0x40000000
            1 mmap(NULL, 4096, RW MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0) = 0x40002000
            """),
        scenario(
            "MAP_GROWSDOWN keeps a gap of 256 pages",
            3,
            "{}",
            """
            1 mmap(NULL, 12288, RW MAP_PRIVATE|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = 0x7ffff7fbf000
            1 mmap(NULL, 12288, RW ANON = 0x7ffff7ebc000
            """),
        scenario(
            "MAP_FIXED_NOREPLACE",
            3,
            "{}",
            """
            1 mmap(0x20000000, 4096, RW ANON = 0x20000000
            1 mmap(0x20000000, 4096, RW MAP_PRIVATE|MAP_FIXED_NOREPLACE|MAP_ANONYMOUS, -1, 0) = \
            -1 EEXIST (File exists)
            """),
        scenario(
            "only a fixed mapping below mmap_min_addr shows who may have one",
            5,
            "{}",
            """
            1 mmap(0x20000000, 4096, RW MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x20000000
            1 mmap(0x1000, 4096, RW MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 EPERM (O)
            1 mmap(0x2000, 4096, RW MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x2000
            1 mmap(0x1000, 4096, RW MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x1000
            """),
        scenario(
            "refused mappings leave what was there",
            4,
            "{}",
            """
            1 mmap(0x20000000, 4096, RW ANON = 0x20000000
            1 mmap(0x20000000, 0, RW MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = -1 EINVAL (I)
            1 mprotect(0x20000000, 8192, PROT_READ) = -1 ENOMEM (Cannot allocate memory)
            """),
        scenario(
            "the heap: asking, growing by bytes, shrinking, a neighbour in the way",
            8,
            "{}",
            """
            1 brk(NULL) = 0x55555555a000
            1 brk(0x55555555a010) = 0x55555555a010
            1 brk(0x55555555b000) = 0x55555555b000
            1 brk(0x55555555a800) = 0x55555555a800
            1 mmap(0x55555555d000, 4096, RW MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = \
            0x55555555d000
            1 brk(0x55555555c000) = 0x55555555c000
            1 brk(0x55555555c001) = 0x55555555c000
            """),
        scenario(
            "mremap: in place, moved, fixed, shrunk; a hole; the vdso moves as a whole only",
            9,
            "{}",
            """
            1 mmap(NULL, 16384, RW ANON = 0x7ffff7fbe000
            1 mremap(0x7ffff7fbe000, 16384, 20480, 0) = -1 ENOMEM (Cannot allocate memory)
            1 mremap(0x7ffff7fbe000, 16384, 20480, MREMAP_MAYMOVE) = 0x7ffff7fb9000
            1 mremap(0x7ffff7fb9000, 20480, 28672, MREMAP_MAYMOVE) = 0x7ffff7fb9000
            1 mremap(0x7ffff7fb9000, 28672, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x30000000) = \
            0x30000000
            1 mremap(0x7ffff7fb9000, 4096, 8192, MREMAP_MAYMOVE) = -1 EFAULT (Bad address)
            1 mremap(0x7ffff7fc8000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x40000000) = \
            0x40000000
            1 mremap(0x40000000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x50000000) = \
            -1 EINVAL (Invalid argument)
            """),
        scenario(
            "advice: refused, over a hole, of the kinds that a runtime gives",
            10,
            "{}",
            """
            1 mmap(0x20000000, 16384, RW MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) \
            = 0x20000000
            1 madvise(0x20000000, 16384, MADV_HUGEPAGE) = 0
            1 madvise(0x20000000, 4096, MADV_DONTDUMP) = 0
            1 madvise(0x20000000, 16384, MADV_FREE) = 0
            1 madvise(0x20000000, 20480, MADV_DONTNEED) = -1 ENOMEM (Cannot allocate memory)
            1 madvise(0x20000001, 4096, MADV_DONTNEED) = -1 EINVAL (Invalid argument)
            1 madvise(0x20000000, 8192, MADV_POPULATE_WRITE) = 0
            1 madvise(0x20000000, 20480, MADV_POPULATE_READ) = -1 ENOMEM (Cannot allocate memory)
            1 madvise(0x7ffff7fc2000, 4096, MADV_POPULATE_READ) = -1 EINVAL (Invalid argument)
            """),
        scenario(
            "locking: pages without access are missing, unlocking never is",
            6,
            "{}",
            """
            1 mmap(0x20000000, 8192, RW MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x20000000
            1 mlock(0x20000000, 4096) = 0
            1 mprotect(0x20001000, 4096, PROT_NONE) = 0
            1 mlock(0x20000000, 8192) = -1 ENOMEM (Cannot allocate memory)
            1 munlockall() = 0
            """),
        scenario(
            "PROT_GROWSDOWN reaches the beginning of the stack, elsewhere it is refused",
            4,
            "{}",
            """
            1 mprotect(0x7fffffffe000, 4096, PROT_READ|PROT_WRITE|PROT_EXEC|PROT_GROWSDOWN) = 0
            1 mprotect(0x7ffffffde000, 4096, PROT_READ|PROT_WRITE|PROT_GROWSDOWN) = 0
            1 mprotect(0x7ffff7ffb000, 4096, PROT_READ|PROT_GROWSDOWN) = -1 EINVAL (I)
            """),
        scenario(
            "threads share, a fork copies",
            8,
            "{}",
            """
            1 clone(child_stack=0x1, flags=CLONE_VM|CLONE_FS|CLONE_THREAD|CLONE_SIGHAND) = 2
            2 mmap(0x20000000, 4096, RW ANON = 0x20000000
            1 mprotect(0x20000000, 4096, PROT_READ) = 0
            1 fork() = 3
            3 munmap(0x20000000, 4096) = 0
            3 mprotect(0x20000000, 4096, PROT_READ) = -1 ENOMEM (Cannot allocate memory)
            2 mprotect(0x20000000, 4096, PROT_READ) = 0
            """),
        scenario(
            "a child is seen before its parent's clone returns",
            5,
            "{}",
            """
            1 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD <unfinished ...>
            2 mmap(NULL, 4096, RW ANON = 0x7ffff7fc7000
            1 <... clone resumed>, child_tidptr=0x7ffff7fc0010) = 2
            1 mmap(NULL, 4096, RW ANON = 0x7ffff7fc7000
            2 mprotect(0x7ffff7fc7000, 4096, PROT_NONE) = 0
            """),
        scenario(
            "vfork borrows until execve; a failed execve changes nothing",
            6,
            "{}",
            """
            1 vfork( <unfinished ...>
            2 mmap(NULL, 4096, RW ANON = 0x7ffff7fc7000
            2 execve("/no/prog", ["prog"], 0x0 /* 0 vars */) = -1 ENOENT (No such file)
            2 execve("/bin/prog", ["prog"], 0x0 /* 0 vars */ <unfinished ...>
            1 <... vfork resumed>)            = 2
            2 <... execve resumed>)            = 0
            2 mmap(NULL, 4096, RW ANON = 0x7ffff7fc7000
            1 mprotect(0x7ffff7fc7000, 4096, PROT_NONE) = 0
            """),
        scenario(
            "overlapping calls are ordered by where they came to lie",
            6,
            "{}",
            """
            1 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD|CLONE_SIGHAND) = 2
            1 mmap(NULL, 12288, RW MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished ...>
            2 mmap(NULL, 16384, RW ANON = 0x7ffff7fbe000
            1 <... mmap resumed>)             = 0x7ffff7fbb000
            1 munmap(0x7ffff7fbe000, 16384 <unfinished ...>
            2 mmap(NULL, 12288, RW ANON = 0x7ffff7fbf000
            1 <... munmap resumed>)           = 0
            """),
        scenario(
            "process ids in brackets, times, signals, exits, other calls, messages",
            4,
            "{}",
            """
            strace: Process 2 attached
            [pid     1] 12:00:01.000001 brk(NULL) = 0x55555555a000 <0.000004>
            [pid     1] --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---
            [pid     1] read(3<UNIX:[1->2]>, "a) = b\\"", 8) = 7
            [pid     1] clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0} => {parent_tid=[2]}, \
            88) = 2
            [pid     2] futex(0x7f, FUTEX_WAIT, 2, NULL <unfinished ...>
            [pid     2] <... futex resumed>) = ?
            [pid     2] +++ killed by SIGKILL +++
            [pid     1] munmap(0x10000000, 4096) = 0
            [pid     1] +++ exited with 0 +++
            """),
        scenario(
            "a thread that executes a program takes its leader's number",
            4,
            "{}",
            """
            1 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD) = 2
            2 execve("/bin/prog", ["prog"], 0x0 /* 0 vars */ <unfinished ...>
            1 +++ superseded by execve in pid 2 +++
            1 <... execve resumed>)            = 0
            1 brk(NULL) = 0x55555555a000
            """),
        scenario(
            "what the recorded machine decides is named, not guessed",
            3,
            "{MADV_COLLAPSE, which depends on what was touched=1, frobnicate=1,"
                + " limits, descriptors and file modes of the recorded machine=2,"
                + " mmap of huge pages=1}",
            """
            1 mmap(0x20000000, 4096, RW MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x20000000
            1 mmap(NULL, 99999999488, RW ANON = -1 ENOMEM (Cannot allocate memory)
            1 mmap(NULL, 4096, RW MAP_SHARED, 3</usr/lib/ro>, 0) = -1 EACCES (Permission denied)
            1 mmap(NULL, 2097152, RW MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|21<<MAP_HUGE_SHIFT, -1, \
            0) = -1 ENOMEM (Cannot allocate memory)
            1 madvise(0x20000000, 4096, MADV_COLLAPSE) = -1 EINVAL (Invalid argument)
            1 frobnicate(1) = 0
            1 mprotect(0x20000000, 4096, PROT_READ) = 0
            """),
        scenario(
            "a program whose first address space nobody kept",
            1,
            "{without exec-other.maps=2}",
            """
            1 execve("/usr/bin/other", ["other"], 0x0 /* 0 vars */) = 0
            1 brk(NULL) = 0x555555570000
            """));
  }

  private static String spelledOut(String lines) {
    return lines.replace("RW ANON", RW + ANON).replace("RW MAP", RW + "MAP");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("scenarios")
  void agrees(String name, long matched, String notJudged, String lines) throws IOException {
    Tally tally = TraceFolder.written(folder, spelledOut(lines)).replay();

    assertThat(tally.mismatched()).as(Recordings.show(tally)).isZero();
    assertThat(tally.matched()).as(Recordings.show(tally)).isEqualTo(matched);
    assertThat(tally.notJudged()).hasToString(notJudged);
  }

  @Test
  void linesThatContinueEachOtherMayBeOneButNotTheOtherWayRound() throws IOException {
    String calls =
        spelledOut("1 mmap(0x20000000, 8192, RW ANON = 0x20000000\n")
            + "1 madvise(NULL, 0, 0x7777 /* MADV_??? */) = -1 EINVAL (Invalid argument)\n";
    TraceFolder written = TraceFolder.written(folder, calls);
    String apart =
        "20000000-20001000 rw-p 00000000 00:00 0\n20001000-20002000 rw-p 00000000 00:00 0\n";

    assertThat(written.write("exit-1.maps", apart + TraceFolder.PROGRAM).replay().isClean())
        .isTrue();
    written.change(
        "trace.strace",
        text ->
            text.replace("1 madvise", "1 madvise(0x20000000, 4096, MADV_DONTDUMP) = 0\n1 madvise"));
    String together = "20000000-20002000 rw-p 00000000 00:00 0\n";
    assertThat(written.write("exit-1.maps", together + TraceFolder.PROGRAM).replay().mismatched())
        .isEqualTo(1);
  }

  @Test
  void theEndOfAProcessMayBeMarkedByAnyOfItsThreads() throws IOException {
    TraceFolder written =
        TraceFolder.written(
            folder,
            """
            1 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD) = 2
            2 madvise(NULL, 0, 0x7777 /* MADV_??? */) = -1 EINVAL (Invalid argument)
            """);

    assertThat(written.write("exit-1.maps", TraceFolder.PROGRAM).replay().matched()).isEqualTo(4);
  }
}
