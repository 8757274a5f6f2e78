package org.pfnlab.core.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.mm.VmFlags.VM_EXEC;
import static org.pfnlab.core.mm.VmFlags.VM_GROWSDOWN;
import static org.pfnlab.core.mm.VmFlags.VM_READ;
import static org.pfnlab.core.mm.VmFlags.VM_WRITE;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Zone;

class UserAccessTest {
  private static final long AT = 0x10_0000_0000L;
  private static final long RW = VM_READ | VM_WRITE;

  private final TestMachine machine = new TestMachine("v6.18.2");
  private final Mm mm = machine.newMm();

  /** What the CPU says to the first access of a fresh anonymous page, by the VMA's permissions. */
  @ParameterizedTest
  @CsvSource({
    // prot | load               | store              | exec
    "rwx    , 0                  , 0                  , 0",
    "rw     , 0                  , 0                  , SIGSEGV/SEGV_ACCERR",
    "r      , 0                  , SIGSEGV/SEGV_ACCERR, SIGSEGV/SEGV_ACCERR",
    "w      , 0                  , 0                  , SIGSEGV/SEGV_ACCERR",
    "x      , 0                  , SIGSEGV/SEGV_ACCERR, 0",
    "none   , SIGSEGV/SEGV_ACCERR, SIGSEGV/SEGV_ACCERR, SIGSEGV/SEGV_ACCERR",
  })
  void permissions(String prot, String load, String store, String exec) {
    long flags = prot.contains("r") ? VM_READ : 0;
    flags |= prot.contains("w") ? VM_WRITE : 0;
    flags |= prot.contains("x") ? VM_EXEC : 0;
    machine.map(mm, AT, 3, flags, null, null);
    assertThat(text(machine.access.load(mm, AT))).isEqualTo(load);
    assertThat(text(machine.access.store(mm, AT + 4096, (byte) 1))).isEqualTo(store);
    assertThat(text(machine.access.exec(mm, AT + 8192))).isEqualTo(exec);
  }

  private static String text(long result) {
    return Outcome.ofAccess(result).toString();
  }

  @Test
  void aRefusedJumpHasFaultedThePageIn() {
    machine.map(mm, AT, 1, RW, null, null);
    assertThat(machine.access.exec(mm, AT)).isEqualTo(UserAccess.SEGV_ACCERR);
    assertThat(Pte.pfn(mm.pageTable.get(AT))).isEqualTo(machine.frames.zeroPfn());
  }

  @ParameterizedTest
  @CsvSource({
    "0                , SIGSEGV/SEGV_MAPERR",
    "140737488351232  , SIGSEGV/SEGV_MAPERR",
    "140737488355328  , SIGSEGV/SI_KERNEL",
    "-4096            , SIGSEGV/SEGV_MAPERR",
    "-140737488355328 , SIGSEGV/SEGV_MAPERR",
    "-140737488359424 , SIGSEGV/SI_KERNEL",
  })
  void wildAddresses(long address, String signal) {
    machine.map(mm, AT, 1, RW, null, null);
    machine.access.store(mm, AT, (byte) 1);
    assertThat(text(machine.access.load(mm, address))).isEqualTo(signal);
    assertThat(text(machine.access.store(mm, address, (byte) 1))).isEqualTo(signal);
  }

  /** The hardware's bits: young on any access, dirty on a store, and never on a read-only entry. */
  @Test
  void marksEntries() {
    TestKind.PFNMAP.map(machine, mm, AT, 2, true, true);
    long fresh = Pte.mkOld(mm.pageTable.get(AT));
    mm.pageTable.set(AT, fresh);
    machine.access.load(mm, AT);
    assertThat(mm.pageTable.get(AT)).isEqualTo(fresh | Pte.ACCESSED);
    machine.access.store(mm, AT, (byte) 3);
    assertThat(mm.pageTable.get(AT)).isEqualTo(fresh | Pte.ACCESSED | Pte.DIRTY);
    assertThat(machine.access.load(mm, AT)).isEqualTo(3);
  }

  @Test
  void bytesAndWords() {
    machine.map(mm, AT, 2, RW, null, null);
    assertThat(machine.access.storeWord(mm, AT + 8, 0x8877665544332211L)).isZero();
    assertThat(machine.access.load(mm, AT + 8)).isEqualTo(0x11);
    assertThat(machine.access.load(mm, AT + 15)).isEqualTo(0x88);
    assertThat(machine.access.loadWord(mm, AT + 8))
        .isEqualTo(new Outcome.Value(0x8877665544332211L));
    assertThat(machine.access.store(mm, AT + 9, (byte) -1)).isZero();
    assertThat(machine.access.loadWord(mm, AT + 8))
        .isEqualTo(new Outcome.Value(0x887766554433ff11L));
    assertThat(machine.access.loadWord(mm, AT + 8192))
        .isEqualTo(new Outcome.Signal("SIGSEGV/SEGV_MAPERR"));
  }

  @Test
  void hugeLeavesAreWalkedAndMarked() {
    long pfn = machine.frames.alloc(9, Zone.NORMAL);
    machine.map(mm, AT, 512, RW, null, null);
    mm.pageTable.setHuge(AT, 2, Pte.ofHuge(pfn, Pte.mkOld(Pte.PAGE_SHARED), 2));
    assertThat(machine.access.store(mm, AT + (7 << 12) + 5, (byte) 9)).isZero();
    assertThat(machine.frames.load(pfn + 7, 5)).isEqualTo((byte) 9);
    assertThat(mm.pageTable.levelAt(AT)).isEqualTo(2);
    assertThat(Pte.dirty(mm.pageTable.get(AT))).isTrue();
  }

  @Test
  void kernelCopiesStopAtTheFirstBadPage() {
    machine.map(mm, AT, 2, RW, null, null);
    machine.map(mm, AT + 8192, 1, VM_READ, null, null);
    byte[] bytes = new byte[10000];
    assertThat(machine.access.copyToUser(mm, AT + 100, bytes, 0, 10000)).isEqualTo(8092);
    assertThat(machine.access.copyFromUser(mm, AT + 100, bytes, 0, 10000)).isEqualTo(10000);
    assertThat(machine.access.copyFromUser(mm, AT + 8192, bytes, 0, 10000)).isEqualTo(4096);
    assertThat(machine.access.copyFromUser(mm, AT - 1, bytes, 0, 10)).isZero();
  }

  @Test
  void aHandlerThatInsertsNothingLoops() {
    VmOps lazy =
        new VmOps() {
          @Override
          public boolean hasFault() {
            return true;
          }

          @Override
          public int fault(VmFault fault) {
            return VmFault.NOPAGE;
          }
        };
    machine.map(mm, AT, 1, VM_READ, lazy, null);
    assertThat(machine.access.load(mm, AT)).isEqualTo(UserAccess.LOOPS);
    assertThat(Outcome.ofAccess(UserAccess.LOOPS)).isInstanceOf(Outcome.Hang.class);
    assertThat(mm.isLocked()).isFalse();
  }

  @Test
  void faultCodesBecomeSignals() {
    int[] codes = {VmFault.SIGBUS, VmFault.SIGSEGV, VmFault.HWPOISON, VmFault.OOM};
    String[] signals = {
      "SIGBUS/BUS_ADRERR", "SIGSEGV/SEGV_MAPERR", "SIGBUS/BUS_MCEERR_AR", "killed: out of memory"
    };
    for (int i = 0; i < codes.length; i++) {
      int code = codes[i];
      VmOps failing =
          new VmOps() {
            @Override
            public boolean hasFault() {
              return true;
            }

            @Override
            public int fault(VmFault fault) {
              return code;
            }
          };
      machine.map(mm, AT + i * 4096L, 1, VM_READ, failing, null);
      assertThat(text(machine.access.load(mm, AT + i * 4096L))).isEqualTo(signals[i]);
    }
  }

  @Test
  void guardMarkersAreSegvMaperr() {
    machine.map(mm, AT, 1, RW, null, null);
    mm.pageTable.set(AT, Pte.marker(Pte.GUARD));
    assertThat(text(machine.access.load(mm, AT))).isEqualTo("SIGSEGV/SEGV_MAPERR");
  }

  /**
   * Calls of handle_mm_fault for one load of a hole: drivers without map_pages are asked twice once
   * user faults try the VMA's lock; the kernel's own accesses never try it.
   */
  @ParameterizedTest
  @CsvSource({
    // kernel  | kind   | user | kernel | VMA lock tried
    "v5.11     , FAULTED, 1    , 1      , 0",
    "v6.1.192  , FAULTED, 1    , 1      , 0",
    "v6.4      , FAULTED, 1    , 1      , 1",
    "v6.6      , FAULTED, 2    , 1      , 1",
    "v6.18.2   , FAULTED, 2    , 1      , 1",
    "v6.18.2   , ANON   , 1    , 1      , 1",
    "v6.18.2   , MEMFD  , 1    , 1      , 1",
  })
  void callsOfTheFaultHandler(String version, TestKind kind, int user, int inKernel, int tried) {
    TestMachine other = new TestMachine(version);
    Mm space = other.newMm();
    boolean shared = kind != TestKind.ANON;
    kind.map(other, space, AT, 1, shared, true);
    kind.map(other, space, AT + 8192, 1, shared, true);
    long[] before = other.kernel.meter.snapshot();
    other.access.load(space, AT);
    assertThat(other.kernel.meter.since(before, FaultHandler.HANDLE_MM_FAULT)).isEqualTo(user);
    assertThat(other.kernel.meter.since(before, UserAccess.VMA_LOCK)).isEqualTo(tried);
    before = other.kernel.meter.snapshot();
    other.access.copyFromUser(space, AT + 8192, new byte[1], 0, 1);
    assertThat(other.kernel.meter.since(before, FaultHandler.HANDLE_MM_FAULT)).isEqualTo(inKernel);
    assertThat(other.kernel.meter.since(before, UserAccess.VMA_LOCK)).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2"})
  void stacksGrowByAnyDistanceWithinTheirLimit(String version) {
    TestMachine other = new TestMachine(version);
    Mm space = other.newMm();
    long base = AT + (4000L << 12);
    Vma vma = other.map(space, base, 4, RW | VM_GROWSDOWN, null, null);
    assertThat(other.access.store(space, AT + (3000L << 12), (byte) 1)).isZero();
    assertThat(vma.start).isEqualTo(AT + (3000L << 12));
    assertThat(vma.pages()).isEqualTo(1004);
    assertThat(space.totalVm).isEqualTo(1004);
    assertThat(other.access.store(space, AT + (1957L << 12), (byte) 1)).isZero();
    assertThat(text(other.access.store(space, AT + (1955L << 12), (byte) 1)))
        .isEqualTo("SIGSEGV/SEGV_MAPERR");
    assertThat(other.access.store(space, AT + (1956L << 12), (byte) 1)).isZero();
  }

  /** What lies below: {@code NNNN......GGGG}; 256 pages must stay free above accessible memory. */
  @ParameterizedTest
  @CsvSource({
    // below      | distance | result
    "rw           , 5        , SIGSEGV/SEGV_MAPERR",
    "rw           , 255      , SIGSEGV/SEGV_MAPERR",
    "rw           , 256      , 0",
    "none         , 5        , 0",
    "none         , 0        , 0",
    "growsdown    , 5        , 0",
  })
  void stackGuardGap(String below, int distance, String result) {
    long flags = below.equals("none") ? 0 : RW;
    flags |= below.equals("growsdown") ? VM_GROWSDOWN : 0;
    machine.map(mm, AT, 4, flags, null, null);
    long target = AT + ((4L + distance) << 12);
    machine.map(mm, target + (10L << 12), 4, RW | VM_GROWSDOWN, null, null);
    assertThat(text(machine.access.store(mm, target, (byte) 1))).isEqualTo(result);
  }
}
