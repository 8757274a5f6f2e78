package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.core.vma.Mremap;

/** mremap, as pictures of the address space before and after; window pages, one letter a VMA. */
class RemapTest {
  private static final String[] KERNELS = {"v5.11", "v6.1.192", "v6.18.2", "v6.18.44"};

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # shrinking is unmapping
          map 0 8 rw; move 0 8 4 none                                       | ok     | AAAA
          map 0 8 rw; move 2 4 2 none                                       | ok     | AAAA..BB
          # growing in place needs room behind, and the range must end with its VMA
          map 0 4 rw; move 0 4 6 none                                       | ok     | AAAAAA
          map 0 4 rw; store 3; move 2 2 4 none                              | ok     | AAAAAA
          map 0 4 rw; map 4 1 r; move 0 4 6 none                            | ENOMEM | AAAAB
          map 0 4 rw; move 0 2 4 none                                       | ENOMEM | AAAA
          map 0 4 rw; map 5 1 r; move 0 4 6 none                            | ENOMEM | AAAA.B
          # moving
          map 0 4 rw; store 1; move 0 4 4 maymove+fixed 6                   | ok     | ......AAAA
          map 0 4 rw; store 1; move 1 2 2 maymove+fixed 6                   | ok     | A..B..CC
          map 0 4 rw; store 3; move 0 4 6 maymove+fixed 6                   | ok     | ......AAAAAA
          map 0 6 rw; store 1; move 0 6 2 maymove+fixed 8                   | ok     | ........AA
          map 0 4 rw; map 6 6 r; move 0 4 4 maymove+fixed 7                 | ok     | ......ABBBBC
          # what was never touched takes the offset of its new place and merges there
          map 0 2 rw; map 4 2 rw; move 0 2 2 maymove+fixed 6                | ok     | ....AAAA
          map 0 2 rw; map 4 2 rw; store 0; move 0 2 2 maymove+fixed 6       | ok     | ....AABB
          map 0 4 rw; move 0 2 2 maymove+fixed 4                            | ok     | ..AAAA
          map 0 4 rw; store 0; store 2; move 2 2 2 maymove+fixed 6; move 6 2 2 maymove+fixed 2 | ok | AAAA
          # duplicating: shared memory only
          map 0 2 rw shared; store 0; move 0 0 2 maymove+fixed 4            | ok     | AA..BB
          map 0 2 rw; move 0 0 2 maymove+fixed 4                            | EINVAL | AA
          # arguments
          map 0 4 rw; move 0 4 4 unknown                                    | EINVAL | AAAA
          map 0 4 rw; move 0 4 4 fixed 6                                    | EINVAL | AAAA
          map 0 4 rw; move 0 4 4 dontunmap                                  | EINVAL | AAAA
          map 0 4 rw; move 0 4 6 maymove+dontunmap                          | EINVAL | AAAA
          map 0 4 rw; move 0 4 0 none                                       | EINVAL | AAAA
          map 0 4 rw; move 0 4 4 maymove+fixed 2                            | EINVAL | AAAA
          map 0 4 rw; move 100b 4 4 maymove+fixed 6                         | EINVAL | AAAA
          map 0 4 rw; move 0 4 4 maymove+fixed 24600b                       | EINVAL | AAAA
          # holes and several VMAs
          map 2 2 rw; move 0 4 6 maymove                                    | EFAULT | ..AA
          map 0 2 rw; move 0 4 6 none                                       | EFAULT | AA
          map 0 2 rw; move 0 4 2 none                                       | ok     | AA
          map 0 2 rw; map 2 2 r; move 0 4 2 maymove+fixed 6                 | ok     | ......AA
          """)
  void inEveryKernel(String script, String result, String picture) {
    for (String kernel : KERNELS) {
      SmallScript run = SmallScript.run(kernel, script);
      assertThat(run.result()).as(kernel).isEqualTo(result);
      assertThat(run.picture(0)).as(kernel).isEqualTo(picture);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # growing joins the neighbour behind since v6.0
          v5.11    | map 0 4 rw; map 6 2 rw; move 0 4 6 none                   | ok     | AAAAAABB
          v6.1.192 | map 0 4 rw; map 6 2 rw; move 0 4 6 none                   | ok     | AAAAAAAA
          # several VMAs and holes move together since v6.17
          v6.1.192 | map 0 2 rw; map 2 2 r; map 6 2 rw; move 0 8 8 maymove+fixed 8 | EFAULT | AABB..CC
          v6.18.2  | map 0 2 rw; map 2 2 r; map 6 2 rw; move 0 8 8 maymove+fixed 8 | ok | ........AABB..CC
          v6.18.2  | map 0 2 rw; move 0 4 4 maymove+fixed 8                    | ok     | ........AA
          v6.18.2  | map 2 2 rw; move 0 4 4 maymove+fixed 8                    | EFAULT | ..AA
          # a refused call used to leave a hole at its target
          v6.1.192 | map 0 2 rw; map 2 2 r; map 8 6 r; move 0 4 4 maymove+fixed 8 | EFAULT | AABB........CC
          v6.18.2  | map 0 2 rw; map 2 2 r; map 8 6 r; move 0 4 6 maymove+fixed 8 | EFAULT | AABB....CCCCCC
          # resizing to the same size looks at nothing before v5.16
          v5.11    | move 0 4 4 none                                           | ok     | ''
          v6.1.192 | move 0 4 4 none                                           | EFAULT | ''
          v6.18.2  | move 0 4 4 none                                           | EFAULT | ''
          # the bad target of a hole: two errors, and who is asked first
          v5.11    | move 0 4 4 maymove+fixed 2                                | EINVAL | ''
          v6.1.192 | move 0 4 4 maymove+fixed 2                                | EFAULT | ''
          v6.18.2  | move 0 4 4 maymove+fixed 2                                | EINVAL | ''
          # leaving the old place mapped: anonymous memory, then everything that may grow
          v5.11    | map 0 2 rw; store 0; move 0 2 2 maymove+fixed+dontunmap 4 | ok     | AA..BB
          v5.11    | map 0 2 rw shared; move 0 2 2 maymove+fixed+dontunmap 4   | EINVAL | AA
          v6.1.192 | map 0 2 rw shared; move 0 2 2 maymove+fixed+dontunmap 4   | ok     | AA..BB
          v6.1.192 | open 0 2 rw shared P; move 0 2 2 maymove+fixed+dontunmap 4 | EINVAL | AA
          v6.1.192 | open 0 2 rw shared X; move 0 2 2 maymove+fixed+dontunmap 4 | EINVAL | AA
          v6.1.192 | open 0 2 rw shared M; move 0 2 2 maymove+fixed+dontunmap 4 | ok     | AA..BB
          # a faulted part that comes back joins an unfaulted neighbour since v6.16
          v6.1.192 | map 0 2 r; map 2 2 rw; store 2; move 2 2 2 maymove+fixed 8; protect 0 2 rw; move 8 2 2 maymove+fixed 2 | ok | AABB
          v6.18.44 | map 0 2 r; map 2 2 rw; store 2; move 2 2 2 maymove+fixed 8; protect 0 2 rw; move 8 2 2 maymove+fixed 2 | ok | AAAA
          """)
  void erasDiffer(String kernel, String script, String result, String picture) {
    SmallScript run = SmallScript.run(kernel, script);
    assertThat(run.result()).isEqualTo(result);
    assertThat(run.picture(0)).isEqualTo(picture);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # kind, then growing in place, growing by a move, moving, moving one page, shrinking, duplicating
          P | EFAULT EFAULT EFAULT | EFAULT EFAULT EFAULT | ok ok ok             | ok ok ok             | ok ok ok             | EFAULT EFAULT EFAULT
          X | EFAULT EFAULT EFAULT | EFAULT EFAULT EFAULT | ok ok ok             | ok ok ok             | ok ok ok             | EFAULT EFAULT EFAULT
          M | ok ENOMEM ENOMEM     | ok ok ok             | ok ok ok             | ok ok ok             | ok ok ok             | ok ok ok
          I | ok ENOMEM ENOMEM     | ok ok ok             | ok ok ok             | ok ok ok             | ok ok ok             | ok ok ok
          H | ok ok ok             | ok ok ok             | ok ok ok             | ok ok ok             | ok ok ok             | ok ok ok
          C | ok ok ok             | ok ok ok             | ok ok ok             | ok ok ok             | ok ok ok             | ok ok ok
          S | ok ok ok             | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL
          """)
  void specialFiles(
      String kind,
      String inPlace,
      String byMove,
      String moved,
      String onePage,
      String shrunk,
      String duplicated) {
    String open = "open 0 4 rw shared " + kind + "; load 1; ";
    String[] kernels = {"v5.11", "v6.1.192", "v6.18.2"};
    for (int i = 0; i < kernels.length; i++) {
      check(kernels[i], open + "move 0 4 6 none", inPlace, i);
      check(kernels[i], open + "move 0 4 6 maymove+fixed 8", byMove, i);
      check(kernels[i], open + "move 0 4 4 maymove+fixed 8", moved, i);
      check(kernels[i], open + "move 1 1 1 maymove+fixed 8", onePage, i);
      check(kernels[i], open + "move 0 4 2 none", shrunk, i);
      check(kernels[i], open + "move 0 0 4 maymove+fixed 8", duplicated, i);
    }
  }

  private static void check(String kernel, String script, String results, int column) {
    assertThat(SmallScript.run(kernel, script).result())
        .as(kernel + ": " + script)
        .isEqualTo(Splitter.on(' ').splitToList(results).get(column));
  }

  @Test
  void aDriverThatRefusesGetsItsEntriesBack() {
    SmallScript run =
        SmallScript.run("v6.18.2", "open 0 2 rw shared S; load 1; move 0 2 2 maymove+fixed 8");
    assertThat(run.picture(0)).isEqualTo("AA");
    assertThat(run.machine().smaps().of(run.mm(0).vmas.get(0)).rss()).isEqualTo(1);
  }

  @Test
  void aFileThatChoosesItsAddressMovesAloneOnly() {
    String three = "map 0 2 rw; open 2 2 rw shared A; ";
    assertThat(SmallScript.run("v6.18.2", three + "move 0 4 4 maymove+fixed 8").result())
        .isEqualTo("EFAULT");
    assertThat(SmallScript.run("v6.18.2", three + "move 2 2 2 maymove+fixed 8").result())
        .isEqualTo("ok");
  }

  @Test
  void aSealedVmaDoesNotMove() {
    for (String last : new String[] {"move 0 2 2 maymove+fixed 8", "move 0 2 1 none"}) {
      assertThat(SmallScript.run("v6.18.2", "map 0 2 rw; seal 0 2; " + last).result())
          .as(last)
          .isEqualTo("EPERM");
    }
    assertThat(
            SmallScript.run(
                    "v6.18.2", "map 0 2 rw; map 8 2 r; seal 8 2; move 0 2 2 maymove+fixed 8")
                .result())
        .isEqualTo("EPERM");
  }

  @Test
  void aLockIsLeftBehindNowhereButMovesAlongAndGrows() {
    SmallScript moved =
        SmallScript.run("v6.18.2", "map 0 4 rw; lock 0 4; move 0 4 4 maymove+fixed+dontunmap 8");
    Mm mm = moved.mm(0);
    assertThat(mm.lockedVm).isEqualTo(4);
    assertThat(mm.vmas.get(0).toString()).contains("rw-p");
    assertThat(moved.machine().smaps().of(mm.vmas.get(0)).rss()).isZero();
    assertThat(moved.machine().smaps().of(mm.vmas.get(1)).rss()).isEqualTo(4);
    for (String grow : new String[] {"move 0 2 5 none", "move 0 2 5 maymove+fixed 8"}) {
      SmallScript grown = SmallScript.run("v6.18.2", "map 0 2 rw; lock 0 2; " + grow);
      assertThat(grown.mm(0).lockedVm).isEqualTo(5);
      assertThat(grown.mm(0).anonRss).isEqualTo(5);
    }
  }

  @Test
  void aTrackedReservationSurvivesTheMoveAndEndsWithTheCopy() {
    for (String kernel : KERNELS) {
      SmallScript run = SmallScript.run(kernel, "open 0 4 rw shared P; move 0 4 4 maymove+fixed 8");
      assertThat(run.machine().memtypes().count()).as(kernel).isEqualTo(1);
      SmallScript gone =
          SmallScript.run(kernel, "open 0 4 rw shared P; move 0 4 4 maymove+fixed 8; unmap 8 4");
      assertThat(gone.machine().memtypes().count()).as(kernel).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # pages moved, to where, level of the leaf there and of what stays: 0 faults in again
          0 512 | 1024 | 2 | 0
          0 512 | 1025 | 0 | 0
          1 1   | 1024 | 0 | 0
          """)
  void aSpecialHugeLeafMovesAsAWholeOrNotAtAll(String pages, long to, int there, int here) {
    Machine machine = SmallScript.run("v6.18.2", "open 0 512 rw shared P").machine();
    PageTable table = machine.processes().get(0).mm.pageTable;
    table.reset();
    table.setHuge(SmallScript.BASE, 2, Pte.mkSpecial(Pte.ofHuge(0xf8000, Pte.PAGE_SHARED, 2)));
    List<String> words = Splitter.onPattern(" +").splitToList(pages);
    long from = Long.parseLong(words.get(0)) << 12;
    long length = Long.parseLong(words.get(1)) << 12;
    machine
        .syscalls()
        .mremap(
            machine.processes().get(0),
            SmallScript.BASE + from,
            length,
            length,
            Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED,
            SmallScript.BASE + (to << 12));
    assertThat(table.levelAt(SmallScript.BASE + (to << 12))).isEqualTo(there);
    assertThat(table.levelAt(SmallScript.BASE + (300 << 12))).isEqualTo(here);
    Invariants.check(machine);
  }

  @Test
  void withoutARoomyTargetTheKernelChooses() {
    Machine machine = SmallScript.run("v6.18.2", "map 0 4 rw; map 4 1 r; store 3").machine();
    Process process = machine.processes().get(0);
    long at =
        machine
            .syscalls()
            .mremap(process, SmallScript.BASE, 4 << 12, 6 << 12, Mremap.MREMAP_MAYMOVE, 0);
    assertThat(at).isEqualTo(Mm.MMAP_BASE - (6 << 12));
    assertThat(machine.userAccess().load(process.mm, at + (3 << 12))).isEqualTo(1);
    Invariants.check(machine);
  }

  @Test
  void nearTheMapLimitNothingMoves() {
    Machine machine = SmallScript.run("v6.18.2", "map 0 4 rw").machine();
    Process process = machine.processes().get(0);
    long at = SmallScript.BASE + (16 << 12);
    while (process.mm.vmas.size() < Mm.MAX_MAP_COUNT - 3) {
      machine
          .syscalls()
          .mmap(
              process,
              at,
              4096,
              MapFlags.PROT_READ,
              MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED,
              null,
              0);
      at += 2 << 12;
    }
    long result =
        machine
            .syscalls()
            .mremap(
                process,
                SmallScript.BASE,
                4096,
                4096,
                Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED,
                SmallScript.BASE + (8 << 12));
    assertThat(result).isEqualTo(-Errno.ENOMEM);
    Vma first = process.mm.vmas.get(0);
    assertThat(first.pages()).isEqualTo(4);
  }
}
