package org.pfnlab.core.insert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pfnlab.core.iomap.SmallMachine.BAR;
import static org.pfnlab.core.iomap.SmallMachine.SHARED;

import org.junit.jupiter.api.Test;
import org.pfnlab.core.iomap.SmallMachine;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;

/** Interfaces that were proposed in August 2025 and are in no release: they ask PAT nothing. */
final class ProposalsTest {
  private static final long WC = Pte.PAGE_SHARED | Pte.PWT;

  private final SmallMachine m = new SmallMachine("v6.18.2");
  private final long page = m.frames.alloc();

  @Test
  void framesOfRamKeepTheProtection() {
    Vma vma = m.vma(SHARED | VmFlags.VM_PFNMAP, 4);
    assertThat(m.inserter.vmfInsertPfnRam(vma, vma.start, page, WC)).isEqualTo(VmFault.NOPAGE);
    assertThat(m.pte(vma, 0)).isEqualTo(Pte.of(page, WC) | Pte.SPECIAL);
    assertThat(m.frames.refcount(page)).isEqualTo(1);
    assertThat(m.kernel.meter.get(ResourceTree.WALK_SYSTEM_RAM_RANGE)).isZero();
    assertThat(m.inserter.vmfInsertPfnRam(vma, vma.end, page, WC)).isEqualTo(VmFault.SIGBUS);
  }

  @Test
  void framesOfRamNeedTheirKindOfVma() {
    Vma ordinary = m.vma(SHARED, 4);
    assertThatThrownBy(() -> m.inserter.vmfInsertPfnRam(ordinary, ordinary.start, page, WC))
        .isInstanceOf(KernelBug.class);
    Vma mixed = m.vma(SHARED | VmFlags.VM_MIXEDMAP, 4);
    assertThatThrownBy(() -> m.inserter.vmfInsertPfnRam(mixed, mixed.start, page, WC))
        .isInstanceOf(KernelBug.class);
    Vma cow = m.vma(SmallMachine.PRIVATE | VmFlags.VM_PFNMAP, 4);
    assertThatThrownBy(() -> m.inserter.vmfInsertPfnRam(cow, cow.start, page, WC))
        .isSameAs(InsertBugs.INSERT_PFN_COW);
  }

  @Test
  void countedPagesKeepTheProtection() {
    Vma vma = m.vma(SHARED | VmFlags.VM_MIXEDMAP, 4);
    assertThat(m.inserter.vmfInsertPageProt(vma, vma.start, page, WC)).isEqualTo(VmFault.NOPAGE);
    assertThat(m.pte(vma, 0)).isEqualTo(Pte.of(page, WC));
    assertThat(m.frames.refcount(page)).isEqualTo(2);
    assertThat(m.kernel.meter.get(ResourceTree.WALK_SYSTEM_RAM_RANGE)).isZero();
    long free = m.frames.alloc();
    m.frames.put(free);
    assertThat(m.inserter.vmfInsertPageProt(vma, vma.start + 4096, free, WC))
        .isEqualTo(VmFault.SIGBUS);
    assertThat(m.inserter.vmfInsertPageProt(vma, vma.end, page, WC)).isEqualTo(VmFault.SIGBUS);
  }

  @Test
  void scatteredFramesAreFilledAsConsecutiveOnesAre() {
    Vma vma = m.vma(SHARED, 600);
    long[] pfns = new long[600];
    for (int i = 0; i < pfns.length; i++) {
      pfns[i] = BAR + 3L * i;
    }
    assertThat(m.apply.mapSpecial(vma, vma.start, pfns, 0, 600, WC)).isZero();
    for (int i = 0; i < 600; i++) {
      assertThat(m.pte(vma, i)).isEqualTo(Pte.of(pfns[i], WC) | Pte.SPECIAL);
    }
    assertThat(m.kernel.meter.get(InsertEvents.APPLIED)).isEqualTo(600);
    assertThat(m.kernel.meter.get(InsertEvents.PTE)).isEqualTo(600);
  }
}
