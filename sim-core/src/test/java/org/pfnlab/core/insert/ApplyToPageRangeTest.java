package org.pfnlab.core.insert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.iomap.SmallMachine.BAR;
import static org.pfnlab.core.iomap.SmallMachine.PRIVATE;
import static org.pfnlab.core.iomap.SmallMachine.SHARED;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.iomap.SmallMachine;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;

/** apply_to_page_range as i915 uses it: it asks nobody and overwrites what is there. */
final class ApplyToPageRangeTest {
  private static final long WC = Pte.PAGE_SHARED | Pte.PWT;

  private final SmallMachine m = new SmallMachine("v6.1.192");

  @ParameterizedTest
  @ValueSource(longs = {SHARED, PRIVATE})
  void writesWhatItIsToldWithoutAskingPat(long flags) {
    Vma vma = m.vma(flags, 1030);
    long size = vma.end - vma.start;
    assertThat(m.apply.mapSpecial(vma, vma.start, BAR, size, WC)).isZero();
    for (int i = 0; i < 1030; i++) {
      assertThat(m.pte(vma, i)).isEqualTo(Pte.of(BAR + i, WC) | Pte.SPECIAL);
    }
    assertThat(m.pte(vma, 1030)).isZero();
    assertThat(vma.flags).isEqualTo(flags);
    assertThat(m.kernel.meter.get(ResourceTree.WALK_SYSTEM_RAM_RANGE)).isZero();
    assertThat(m.kernel.meter.get(PageTable.PTE_LOCK)).isEqualTo(3);
    assertThat(m.kernel.meter.get(InsertEvents.APPLY_TO_PAGE_RANGE)).isEqualTo(1);
    assertThat(m.kernel.meter.get(InsertEvents.PTE)).isEqualTo(1030);
  }

  /** A counted page that is overwritten keeps its reference, mapcount and rss: a leak, as there. */
  @Test
  void overwritesPresentEntries() {
    Vma vma = m.vma(SHARED, 4);
    m.mm.writeLock();
    long page = m.frames.alloc();
    m.inserter.vmInsertPage(vma, vma.start + 4096, page);
    assertThat(m.apply.mapSpecial(vma, vma.start, BAR, 4 << 12, WC)).isZero();
    assertThat(m.apply.mapSpecial(vma, vma.start, BAR + 8, 4 << 12, WC)).isZero();
    assertThat(Pte.pfn(m.pte(vma, 1))).isEqualTo(BAR + 9);
    assertThat(m.frames.refcount(page)).isEqualTo(2);
    assertThat(m.mm.fileRss).isEqualTo(1);
  }

  @Test
  void emptyRange() {
    Vma vma = m.vma(SHARED, 4);
    assertThat(m.apply.mapSpecial(vma, vma.start, BAR, 0, WC)).isEqualTo(-Errno.EINVAL);
    assertThat(m.kernel.log().warnings()).isEqualTo(1);
  }

  @Test
  void hugeLeafInTheWay() {
    Vma vma = m.vma(SHARED, 2048);
    vma.start &= -(1L << 21);
    m.mm.pageTable.setHuge(vma.start + (1L << 21), 2, Pte.ofHuge(BAR, WC, 2));
    assertThat(m.apply.mapSpecial(vma, vma.start, BAR, 4 << 20, WC)).isEqualTo(-Errno.EINVAL);
    assertThat(m.pte(vma, 511)).isNotZero();
  }
}
