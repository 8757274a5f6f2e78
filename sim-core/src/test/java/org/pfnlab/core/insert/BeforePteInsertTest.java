package org.pfnlab.core.insert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.iomap.SmallMachine.BAR;
import static org.pfnlab.core.iomap.SmallMachine.SHARED;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pfnlab.core.iomap.SmallMachine;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Hooks;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;

/** A policy is asked before any entry is written, once a call, and its refusal is an error code. */
final class BeforePteInsertTest {
  private final List<String> asked = new ArrayList<>();
  private long answer;
  private SmallMachine m = new SmallMachine("v6.1.192");
  private Vma pfnmap = m.vma(SHARED, 4);
  private Vma mixed = m.vma(SHARED, 4);
  private Vma plain = m.vma(SHARED, 4);
  private long page;

  @BeforeEach
  void boot() {
    m = new SmallMachine(KernelProfile.of("v6.1.192"), new Spy(), new Spy());
    pfnmap = m.vma(SHARED | VmFlags.VM_PFNMAP, 4);
    mixed = m.vma(SHARED | VmFlags.VM_MIXEDMAP, 4);
    plain = m.vma(SHARED, 4);
    page = m.frames.alloc();
  }

  @Test
  void everyInserterAsks() {
    answer = -Errno.EPERM;
    long[] pages = {page, page};
    assertThat(m.inserter.vmInsertPage(mixed, mixed.start, page)).isEqualTo(-Errno.EPERM);
    assertThat(m.inserter.vmInsertPages(mixed, mixed.start, pages, 0, 2)).isEqualTo(-Errno.EPERM);
    assertThat(m.inserter.vmfInsertPage(mixed, mixed.start, page)).isEqualTo(VmFault.SIGBUS);
    assertThat(m.inserter.vmfInsertMixed(mixed, mixed.start, page)).isEqualTo(VmFault.SIGBUS);
    assertThat(m.inserter.vmfInsertPfn(pfnmap, pfnmap.start, BAR)).isEqualTo(VmFault.SIGBUS);
    VmFault fault = new VmFault().begin(pfnmap, pfnmap.start, 0);
    pfnmap.start &= -(1L << 21);
    assertThat(m.inserter.vmfInsertPfnHuge(fault, BAR, 2, false)).isEqualTo(VmFault.SIGBUS);
    assertThat(m.remapWhole(plain, BAR, Pte.PWT)).isEqualTo(-Errno.EPERM);
    assertThat(m.remap.remapPfnRangeNotrack(plain, plain.start, BAR, 8192, plain.pageProt))
        .isEqualTo(-Errno.EPERM);
    assertThat(m.apply.mapSpecial(plain, plain.start, BAR, 8192, plain.pageProt))
        .isEqualTo(-Errno.EPERM);
    assertThat(asked)
        .containsExactly(
            "counted", "counted", "counted", "special", "special", "special", "special", "special",
            "special");
    assertThat(plain.flags).isEqualTo(SHARED);
    assertThat(m.kernel.meter.get(InsertEvents.PTE)).isZero();
    assertThat(m.kernel.log().lines()).isEmpty();
  }

  @Test
  void outOfMemoryIsTold() {
    answer = -Errno.ENOMEM;
    assertThat(m.inserter.vmfInsertPfn(pfnmap, pfnmap.start, BAR)).isEqualTo(VmFault.OOM);
  }

  /** Both listeners are asked when the first allows; a range is one question. */
  @Test
  void rangesAreOneQuestion() {
    assertThat(m.remapWhole(plain, BAR, Pte.PWT)).isZero();
    assertThat(asked).containsExactly("special", "special");
    assertThat(m.pte(plain, 3)).isNotZero();
  }

  /** What the kernel refuses itself, or asserts, a policy never sees. */
  @Test
  void kernelChecksComeFirst() {
    assertThat(m.inserter.vmfInsertPfn(pfnmap, pfnmap.end, BAR)).isEqualTo(VmFault.SIGBUS);
    assertThat(m.inserter.vmInsertPage(mixed, mixed.end, page)).isEqualTo(-Errno.EFAULT);
    assertThat(asked).isEmpty();
    assertThat(m.kernel.meter.get(ResourceTree.FIND_NEXT)).isZero();
  }

  private final class Spy implements Policy {
    @Override
    public String name() {
      return "spy";
    }

    @Override
    public String origin() {
      return "this test";
    }

    @Override
    public void install(Hooks hooks, Kernel kernel) {
      hooks.on(
          BeforePteInsert.POINT,
          (vma, address, pfn, special) -> {
            assertThat(vma.mm.pageTable.get(address)).isZero();
            asked.add(special ? "special" : "counted");
            return answer;
          });
    }
  }
}
