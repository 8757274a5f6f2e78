package org.pfnlab.core.insert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.iomap.SmallMachine.BAR;
import static org.pfnlab.core.iomap.SmallMachine.SHARED;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pfnlab.core.iomap.SmallMachine;
import org.pfnlab.core.meter.Trace;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;

/** The story that an insertion tells: every step that began ends, in the kernel's names. */
final class InsertStoryTest implements Trace {
  private final List<String> story = new ArrayList<>();
  private int depth;

  @Test
  void remapAndUnmap() {
    SmallMachine m = new SmallMachine("v6.1.192");
    Vma vma = m.vma(SHARED, 4);
    m.kernel.meter.listen(this);
    m.remapWhole(vma, BAR, Pte.PWT);
    m.tracking.untrack(vma);
    assertThat(story)
        .containsExactly(
            "remap_pfn_range",
            " reserve_pfn_range",
            "  memtype_reserve",
            "free_pfn_range",
            " memtype_free");
    assertThat(depth).isZero();
  }

  @Test
  void insertersTellTheirNames() {
    SmallMachine m = new SmallMachine("v6.18.2");
    Vma vma = m.vma(SHARED | VmFlags.VM_PFNMAP, 4);
    Vma mixed = m.vma(SHARED | VmFlags.VM_MIXEDMAP, 4);
    m.kernel.meter.listen(this);
    m.inserter.vmfInsertPfn(vma, vma.start, BAR);
    m.inserter.vmfInsertPfn(vma, vma.end, BAR);
    m.inserter.vmfInsertMixed(mixed, mixed.start, BAR);
    m.inserter.vmInsertPage(mixed, mixed.start + 4096, m.frames.alloc());
    m.apply.mapSpecial(vma, vma.start, BAR, 8192, vma.pageProt);
    assertThat(story)
        .containsExactly(
            "vmf_insert_pfn_prot",
            "vmf_insert_pfn_prot",
            "vmf_insert_mixed",
            "vm_insert_page",
            "apply_to_page_range");
    assertThat(depth).isZero();
    m.kernel.meter.mute();
    m.inserter.vmfInsertPfn(vma, vma.start, BAR);
    assertThat(story).hasSize(5);
  }

  @Override
  public void enter(String symbol, long a, long b) {
    story.add(" ".repeat(depth++) + symbol);
  }

  @Override
  public void exit(String symbol, long result) {
    depth--;
  }
}
