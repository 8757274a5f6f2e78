package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.task.Pagemap;
import org.pfnlab.core.task.Smaps;

/** Anonymous huge pages: who gets one, who shares one, what splits one. */
class HugePagesTest {
  private static final String[] KERNELS = {"v5.11", "v6.1.192", "v6.18.44"};

  /** Two huge pages fit; everything that follows is done in process 0 unless it says otherwise. */
  private static final String TWO = "huge; map 0 1024 rw; advise 0 1024 hugepage; ";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # script, then of process 0: pages that one entry maps, rss, pages mapped once
          store 88                                                   | 512  | 512  | 512
          store 88; store 600                                        | 1024 | 1024 | 1024
          load 88                                                    | 0    | 0    | 0
          load 88; advise 90 1 dontneed; store 90                    | 0    | 1    | 1
          # shared by fork, split by the first store of either
          store 88; fork                                             | 512  | 512  | 0
          store 88; fork; 1: store 88                                | 512  | 512  | 1
          store 88; fork; store 88                                   | 0    | 512  | 1
          store 88; fork; 1: store 88; 0: store 89                   | 0    | 512  | 2
          store 88; fork; 1: unmap 0 1024; 0: store 88               | 512  | 512  | 512
          store 88; fork; 1: unmap 88 1; 0: load 88                  | 512  | 512  | 1
          load 88; fork; 1: store 88                                 | 0    | 0    | 0
          # part of it goes
          store 88; unmap 88 1                                       | 0    | 511  | 511
          store 88; unmap 0 1024                                     | 0    | 0    | 0
          store 88; store 600; unmap 500 24                          | 0    | 1000 | 1000
          store 88; advise 88 1 dontneed                             | 0    | 511  | 511
          store 88; advise 88 1 dontneed; store 88                   | 0    | 512  | 512
          store 88; advise 0 512 dontneed                            | 0    | 0    | 0
          store 88; advise 0 512 dontneed; store 88                  | 512  | 512  | 512
          store 88; advise 88 1 free                                 | 0    | 512  | 512
          # protection, locks and flags of a part split it, those of the whole do not
          store 88; protect 88 1 r                                   | 0    | 512  | 512
          store 88; protect 0 1024 r; protect 0 1024 rw; store 88    | 512  | 512  | 512
          store 88; protect 0 512 none; protect 0 512 rw; load 88    | 512  | 512  | 512
          store 88; protect 0 88 r; protect 0 88 rw; store 1         | 0    | 512  | 512
          store 88; fork; protect 0 1024 r; protect 0 1024 rw; store 88 | 0 | 512  | 1
          store 88; lock 88 1                                        | 0    | 512  | 512
          store 88; advise 88 100 nohugepage                         | 0    | 512  | 512
          # moves: as a whole, or page by page
          store 88; move 0 512 512 maymove+fixed 2048                | 512  | 512  | 512
          load 88; move 0 512 512 maymove+fixed 2048; load 2048      | 0    | 0    | 0
          store 88; move 0 512 512 maymove+fixed 2049                | 0    | 512  | 512
          load 88; move 0 512 512 maymove+fixed 2049                 | 0    | 0    | 0
          store 88; move 88 1 1 maymove+fixed 2048                   | 0    | 512  | 512
          store 88; move 0 512 512 maymove+fixed+dontunmap 2048      | 512  | 512  | 512
          # who has a page table already, or is told not to, gets small pages
          advise 0 1024 nohugepage; store 88                         | 0    | 1    | 1
          small; store 88                                            | 0    | 1    | 1
          small; store 88; huge; store 89; store 600                 | 512  | 514  | 514
          unmap 0 1; store 88                                        | 0    | 1    | 1
          lock 0 1024                                                | 1024 | 1024 | 1024
          """)
  void sharesAndSplits(String script, long huge, long rss, long exclusive) {
    for (String kernel : KERNELS) {
      SmallScript run = SmallScript.run(kernel, TWO + script);
      long mapped = 0;
      long resident = 0;
      long once = 0;
      Mm mm = run.mm(0);
      for (int i = 0; i < mm.vmas.size(); i++) {
        Smaps.Counts counts = run.machine().smaps().of(mm.vmas.get(i));
        mapped += counts.huge();
        resident += counts.rss();
        once += counts.exclusive();
        assertThat(counts.anonymous()).isEqualTo(counts.rss());
      }
      assertThat(new long[] {mapped, resident, once})
          .as(kernel + ": " + script)
          .containsExactly(huge, rss, exclusive);
    }
  }

  /** The huge zero page looks like a file's in pagemap; only some kernels replace it as a whole. */
  @ParameterizedTest
  @CsvSource({"v5.11, 1", "v6.1.192, 1", "v6.12, 1", "v6.18.44, 512"})
  void zeroPage(String kernel, long afterStore) {
    SmallScript read = SmallScript.run(kernel, TWO + "load 88");
    Pagemap pagemap = read.machine().pagemap();
    assertThat(pagemap.bits(read.mm(0), SmallScript.BASE))
        .isEqualTo(Pagemap.PRESENT | Pagemap.FILE);
    assertThat(pagemap.pfn(read.mm(0), SmallScript.BASE + 4096))
        .isEqualTo(pagemap.pfn(read.mm(0), SmallScript.BASE) + 1);

    SmallScript written = SmallScript.run(kernel, TWO + "load 88; store 88; load 89");
    Smaps.Counts counts = written.machine().smaps().of(written.mm(0).vmas.get(0));
    assertThat(counts.rss()).isEqualTo(afterStore);
    assertThat(written.machine().userAccess().load(written.mm(0), SmallScript.BASE + (89 << 12)))
        .isZero();
  }

  /** A pinned page stays with the parent: its huge page is split, the others are shared. */
  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.44"})
  void pinnedPagesAreCopiedByFork(String kernel) {
    SmallScript run = SmallScript.run(kernel, TWO + "store 88");
    Machine machine = run.machine();
    Mm mm = run.mm(0);
    long[] pages = new long[2];
    int flags = GupFlags.FOLL_PIN | GupFlags.FOLL_WRITE | GupFlags.FOLL_LONGTERM;
    long address = SmallScript.BASE + (511 << 12);
    assertThat(machine.gupFast().get(mm, address, 2, flags, pages)).isEqualTo(2);
    assertThat(pages[0]).isEqualTo(machine.pagemap().pfn(mm, address));
    assertThat(pages[1]).isEqualTo(machine.pagemap().pfn(mm, address + 4096));

    int child = (int) machine.syscalls().fork(machine.processes().get(0));
    Mm other = machine.processes().get(child).mm;
    assertThat(machine.pagemap().pfn(other, address)).isNotEqualTo(pages[0]);
    assertThat(machine.pagemap().pfn(other, address - 4096))
        .isEqualTo(machine.pagemap().pfn(mm, address - 4096));
    assertThat(machine.smaps().of(mm.vmas.get(0)).huge()).isZero();
    machine.pins().unpin(pages[0]);
    machine.pins().unpin(pages[1]);
    Invariants.check(machine);
  }

  /** The canary: a huge page that reaches beyond its VMA must not pass. */
  @Test
  void invariantsSeeABorderThroughAHugePage() {
    SmallScript run = SmallScript.run("v6.18.44", TWO + "store 88");
    Vma vma = run.mm(0).vmas.get(0);
    vma.setRange(vma.start + PageTable.PAGE_SIZE, vma.end);
    assertThat(brokenBy(run.machine())).isNotEmpty();
  }

  /** The canary: a frame of a huge page that lost its mapping must not pass. */
  @Test
  void invariantsCountTheFramesOfAHugePage() {
    SmallScript run = SmallScript.run("v6.18.44", TWO + "store 88");
    run.machine().frames().removeMap(run.machine().pagemap().pfn(run.mm(0), SmallScript.BASE));
    assertThat(brokenBy(run.machine())).contains("mapped 0 times");
  }

  private static String brokenBy(Machine machine) {
    try {
      Invariants.check(machine);
      return "";
    } catch (IllegalStateException broken) {
      return String.valueOf(broken.getMessage());
    }
  }
}
