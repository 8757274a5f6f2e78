package org.pfnlab.core.gup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pfnlab.core.mm.VmFlags.VM_IO;
import static org.pfnlab.core.mm.VmFlags.VM_PFNMAP;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.Zone;
import org.pfnlab.core.task.TestKind;
import org.pfnlab.core.task.TestMachine;

class GupFastTest {
  private static final long AT = 0x10_0000_0000L;
  private static final int GET = GupFlags.FOLL_GET;
  private static final int PIN = GupFlags.FOLL_PIN;
  private static final int ONLY = GupFlags.FOLL_FAST_ONLY;
  private static final int WRITE = GupFlags.FOLL_WRITE;
  private static final int LONGTERM = GupFlags.FOLL_LONGTERM;

  private final long[] pages = new long[1024];

  /** The entry's tests one by one: an anonymous page's entry is changed, and the walk must stop. */
  @ParameterizedTest
  @CsvSource({
    "as it is        , read  , 1",
    "as it is        , write , 1",
    "empty           , read  , 0",
    "PROT_NONE       , read  , 0",
    "kernel's        , read  , 0",
    "read-only       , read  , 1",
    "read-only       , write , 0",
    "special         , read  , 0",
    "guard           , read  , 0",
  })
  void stopsAtEntries(String change, String asked, int taken) {
    TestMachine machine = new TestMachine("v6.18.2");
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 1, false, true);
    machine.access.store(mm, AT, (byte) 1);
    long pte = mm.pageTable.get(AT);
    mm.pageTable.set(
        AT,
        switch (change) {
          case "empty" -> 0;
          case "PROT_NONE" -> Pte.modify(pte, Pte.PAGE_NONE);
          case "kernel's" -> pte & ~Pte.USER;
          case "read-only" -> Pte.wrProtect(pte, true);
          case "special" -> Pte.mkSpecial(pte);
          case "guard" -> Pte.marker(Pte.GUARD);
          default -> pte;
        });
    int flags = GET | ONLY | (asked.equals("write") ? WRITE : 0);
    assertThat(machine.fast.get(mm, AT, 1, flags, pages)).isEqualTo(taken);
  }

  @Test
  void looksAtNoVma() {
    TestMachine machine = new TestMachine("v6.18.2");
    Mm mm = machine.newMm();
    Vma vma = TestKind.INSERTED.map(machine, mm, AT, 1, true, true);
    vma.flags |= VM_IO | VM_PFNMAP;
    assertThat(machine.fast.get(mm, AT, 1, GET | WRITE, pages)).isEqualTo(1);
    assertThat(machine.slow.get(mm, AT, 1, GET | WRITE, pages)).isEqualTo(-Errno.EFAULT);
    mm.vmas.remove(vma);
    assertThat(machine.fast.get(mm, AT, 1, GET | WRITE, pages)).isEqualTo(1);
  }

  @Test
  void goesOnSlowly() {
    TestMachine machine = new TestMachine("v6.1.192");
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 8, false, true);
    machine.access.store(mm, AT, (byte) 1);
    machine.access.store(mm, AT + 4096, (byte) 2);
    long[] before = machine.kernel.meter.snapshot();
    assertThat(machine.fast.get(mm, AT + 100, 4, GET | WRITE, pages)).isEqualTo(4);
    assertThat(machine.kernel.meter.since(before, GupFast.GRABBED)).isEqualTo(2);
    assertThat(machine.kernel.meter.since(before, GupSlow.CALLED)).isEqualTo(1);
    assertThat(machine.frames.load(pages[1], 0)).isEqualTo((byte) 2);
    for (int i = 0; i < 4; i++) {
      assertThat(pages[i]).isEqualTo(Pte.pfn(mm.pageTable.get(AT + i * 4096L)));
    }
  }

  @Test
  void keepsWhatItHasWhenTheRestFails() {
    TestMachine machine = new TestMachine("v6.1.192");
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 2, false, true);
    assertThat(machine.fast.get(mm, AT, 4, GET, pages)).isEqualTo(2);
    assertThat(machine.fast.get(mm, AT, 4, GET, pages)).isEqualTo(2);
    assertThat(machine.fast.get(mm, AT + 8192, 1, GET, pages)).isEqualTo(-Errno.EFAULT);
  }

  @Test
  void crossesTables() {
    TestMachine machine = new TestMachine("v6.18.2");
    Mm mm = machine.newMm();
    long start = AT + (510L << 12);
    TestKind.ANON.map(machine, mm, start, 4, false, true);
    for (int i = 0; i < 4; i++) {
      machine.access.store(mm, start + i * 4096L, (byte) i);
    }
    long[] before = machine.kernel.meter.snapshot();
    assertThat(machine.fast.get(mm, start, 4, GET | ONLY, pages)).isEqualTo(4);
    assertThat(machine.kernel.meter.since(before, GupFast.TABLE_WALKED)).isEqualTo(2);
    assertThat(machine.frames.load(pages[3], 0)).isEqualTo((byte) 3);
  }

  @ParameterizedTest
  @CsvSource({
    "v5.11   , -8192, 1  , EFAULT",
    "v6.18.2 , -8192, 1  , EFAULT",
    "v5.11   , -4096, 2  , 0",
    "v6.1.192, -4096, 2  , 0",
    "v6.18.2 , -4096, 2  , EOVERFLOW",
    "v6.18.2 , 140737488351232, 1, EFAULT",
  })
  void rangesOutsideOfUserSpace(String version, long address, int n, String expected) {
    TestMachine machine = new TestMachine(version);
    long result = machine.fast.get(machine.newMm(), address, n, GET, pages);
    assertThat(result < 0 ? Errno.name(result) : "0").isEqualTo(expected);
  }

  /** Special huge leaves of device memory: before v6.12 nothing stopped the walk (TTM in v5.11). */
  @ParameterizedTest
  @CsvSource({"v5.11, 512", "v6.1.192, 512", "v6.12, 0", "v6.18.2, 0"})
  void hugeLeavesOfRamWithSpecialBit(String version, int taken) {
    TestMachine machine = new TestMachine(version);
    Mm mm = machine.newMm();
    long pfn = machine.frames.alloc(9, Zone.NORMAL);
    long leaf = Pte.mkSpecial(Pte.ofHuge(pfn, Pte.PAGE_SHARED, 2));
    mm.pageTable.setHuge(AT, 2, leaf);
    assertThat(machine.fast.get(mm, AT, 600, GET | ONLY, pages)).isEqualTo(taken);
    if (taken > 0) {
      assertThat(pages[511]).isEqualTo(pfn + 511);
      assertThat(machine.frames.refcount(pfn + 511)).isEqualTo(2);
      assertThat(machine.fast.get(mm, AT + (500L << 12), 3, GET | ONLY, pages)).isEqualTo(3);
      assertThat(pages[0]).isEqualTo(pfn + 500);
    }
  }

  @Test
  void hugeLeafOfADeviceEndsAnOldKernel() {
    TestMachine machine = new TestMachine("v5.11");
    Mm mm = machine.newMm();
    long leaf = Pte.ofHuge(TestMachine.DEVICE_PFN, Pte.PAGE_SHARED, 2);
    mm.pageTable.setHuge(AT, 2, leaf);
    assertThatThrownBy(() -> machine.fast.get(mm, AT, 1, GET | ONLY, pages))
        .isInstanceOf(KernelBug.class);
  }

  @Test
  void withoutSpecialBitOnlyHugeLeavesAreFast() {
    TestMachine machine =
        new TestMachine(KernelProfile.of("v6.18.2").without(Arch.ARCH_HAS_PTE_SPECIAL));
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 1, false, true);
    machine.access.store(mm, AT, (byte) 1);
    assertThat(machine.fast.get(mm, AT, 1, GET | ONLY, pages)).isZero();
    assertThat(machine.fast.get(mm, AT, 1, GET, pages)).isEqualTo(1);
  }

  @Test
  void withoutFastWalkEverythingIsSlow() {
    TestMachine machine = new TestMachine(KernelProfile.of("v6.18.2").without(Arch.HAVE_GUP_FAST));
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 1, false, true);
    machine.access.store(mm, AT, (byte) 1);
    assertThat(machine.fast.get(mm, AT, 1, GET | ONLY, pages)).isZero();
    assertThat(machine.fast.get(mm, AT, 1, GET, pages)).isEqualTo(1);
    assertThat(machine.kernel.meter.get(GupFast.WALKED)).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    // a shared anonymous page behind a read-only entry
    "v5.11   , pin , 1",
    "v6.1.192, pin , 0",
    "v6.18.2 , pin , 0",
    "v6.18.2 , get , 1",
  })
  void pinStopsAtPagesThatMustBeUnshared(String version, String asked, int taken) {
    TestMachine machine = new TestMachine(version);
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 1, false, true);
    machine.access.store(mm, AT, (byte) 1);
    long pte = mm.pageTable.get(AT);
    machine.frames.clear(Pte.pfn(pte), Frames.ANON_EXCLUSIVE);
    mm.pageTable.set(AT, Pte.wrProtect(pte, true));
    int flags = ONLY | (asked.equals("pin") ? PIN : GET);
    assertThat(machine.fast.get(mm, AT, 1, flags, pages)).isEqualTo(taken);
    assertThat(machine.frames.refcount(Pte.pfn(pte)))
        .isEqualTo(1 + taken * (asked.equals("pin") ? Frames.PIN_BIAS : 1));
  }

  @ParameterizedTest
  @CsvSource({
    "ext4  , v6.1.192, 1",
    "ext4  , v6.18.2 , 0",
    "memfd , v6.18.2 , 1",
    "cma   , v5.11   , 1",
    "cma   , v6.1.192, 0",
  })
  void longtermWritePins(String kind, String version, int taken) {
    TestMachine machine = new TestMachine(version);
    Mm mm = machine.newMm();
    TestKind.valueOf(kind.toUpperCase(Locale.ROOT)).map(machine, mm, AT, 1, true, true);
    machine.access.store(mm, AT, (byte) 1);
    assertThat(machine.fast.get(mm, AT, 1, PIN | WRITE | LONGTERM | ONLY, pages)).isEqualTo(taken);
  }

  @Test
  void secretPagesAreNotTaken() {
    TestMachine machine = new TestMachine("v6.18.2");
    Mm mm = machine.newMm();
    TestKind.INSERTED.map(machine, mm, AT, 1, true, true);
    machine.frames.set(Pte.pfn(mm.pageTable.get(AT)), Frames.SECRETMEM);
    assertThat(machine.fast.get(mm, AT, 1, GET | ONLY, pages)).isZero();
  }

  @Test
  void policyMayStopTheWalk() {
    TestMachine machine =
        new TestMachine(
            KernelProfile.of("v6.18.2"),
            null,
            (mm, address, pte, level, flags) -> address != AT + 4096);
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 3, false, true);
    for (int i = 0; i < 3; i++) {
      machine.access.store(mm, AT + i * 4096L, (byte) 1);
    }
    assertThat(machine.fast.get(mm, AT, 3, GET | ONLY, pages)).isEqualTo(1);
    assertThat(machine.fast.get(mm, AT, 3, GET, pages)).isEqualTo(3);
  }
}
