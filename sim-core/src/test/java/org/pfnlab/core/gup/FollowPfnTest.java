package org.pfnlab.core.gup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.mm.VmFlags.VM_IO;
import static org.pfnlab.core.mm.VmFlags.VM_PFNMAP;
import static org.pfnlab.core.mm.VmFlags.VM_READ;
import static org.pfnlab.core.mm.VmFlags.VM_SHARED;
import static org.pfnlab.core.mm.VmFlags.VM_WRITE;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.task.TestKind;
import org.pfnlab.core.task.TestMachine;

class FollowPfnTest {
  private static final long AT = 0x10_0000_0000L;
  private static final long DEVICE = VM_READ | VM_WRITE | VM_SHARED | VM_PFNMAP;
  private static final VmOps OPS = new VmOps() {};

  @Test
  void wantsRawMappings() {
    TestMachine machine = new TestMachine("v6.1.192");
    Mm mm = machine.newMm();
    FollowPfn follow = new FollowPfn(machine.kernel);
    Vma vma = TestKind.INSERTED.map(machine, mm, AT, 1, true, true);
    long pfn = Pte.pfn(mm.pageTable.get(AT));
    assertThat(follow.follow(vma, AT)).isEqualTo(-Errno.EINVAL);
    vma.flags |= VM_IO;
    assertThat(follow.follow(vma, AT)).isEqualTo(pfn);
    assertThat(follow.follow(vma, AT + 4096)).isEqualTo(-Errno.EINVAL);
    mm.pageTable.clear(AT);
    assertThat(follow.follow(vma, AT)).isEqualTo(-Errno.EINVAL);
  }

  /** Writable is what the entry says, not what the VMA would allow after a fault. */
  @Test
  void tellsTheEntrysProtection() {
    TestMachine machine = new TestMachine("v6.18.2");
    Mm mm = machine.newMm();
    FollowPfn follow = new FollowPfn(machine.kernel);
    Vma vma = machine.map(mm, AT, 2, DEVICE, OPS, null);
    mm.pageTable.set(AT, Pte.mkSpecial(Pte.of(5, Pte.PAGE_READONLY)));
    mm.pageTable.set(AT + 4096, Pte.mkSpecial(Pte.of(6, Pte.PAGE_SHARED)));
    assertThat(follow.follow(vma, AT + 9)).isEqualTo(5);
    assertThat(follow.isWritable()).isFalse();
    assertThat(follow.follow(vma, AT + 4096)).isEqualTo(6);
    assertThat(follow.isWritable()).isTrue();
    assertThat(follow.isSpecial()).isTrue();
    assertThat(follow.level()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"v5.11, false", "v6.1.192, false", "v6.12, true", "v6.18.2, true"})
  void hugeLeaves(String version, boolean followed) {
    TestMachine machine = new TestMachine(version);
    Mm mm = machine.newMm();
    Vma vma = machine.map(mm, AT, 512, DEVICE, OPS, null);
    mm.pageTable.setHuge(AT, 2, Pte.ofHuge(0xf8000, Pte.PAGE_SHARED, 2));
    FollowPfn follow = new FollowPfn(machine.kernel);
    assertThat(follow.follow(vma, AT + (3 << 12))).isEqualTo(followed ? 0xf8003 : -Errno.EINVAL);
  }

  /** fixup_user_fault asks for VM_READ or VM_WRITE only, so raw mappings are no obstacle. */
  @ParameterizedTest
  @CsvSource({
    "rw   , false, 0",
    "rw   , true , 0",
    "r    , true , EFAULT",
    "none , false, EFAULT",
    "hole , false, EFAULT",
    "raw  , true , 0",
    "sigbus, false, EFAULT",
  })
  void fixup(String what, boolean write, String expected) {
    TestMachine machine = new TestMachine("v6.18.2");
    Mm mm = machine.newMm();
    FixupFault fixup = new FixupFault(machine.kernel, machine.faults, machine.stack);
    switch (what) {
      case "raw" -> TestKind.PFNMAP.map(machine, mm, AT, 1, true, true);
      case "sigbus" -> machine.map(mm, AT, 1, DEVICE, OPS, null);
      case "hole" -> machine.map(mm, AT + 4096, 1, DEVICE, OPS, null);
      default -> {
        long flags = what.contains("r") ? VM_READ : 0;
        machine.map(mm, AT, 1, what.contains("w") ? flags | VM_WRITE : flags, null, null);
      }
    }
    long result = fixup.fix(mm, AT, write);
    assertThat(result < 0 ? Errno.name(result) : "0").isEqualTo(expected);
  }
}
