package org.pfnlab.drivers.ttm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.insert.InsertEvents;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.drivers.Rig;
import org.pfnlab.drivers.drm.DrmDevice;
import org.pfnlab.drivers.drm.DumbBuffer;
import org.pfnlab.drivers.kind.Bar;

class TtmTest {
  private static final int RW = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;
  private static final Bar VRAM = new Bar(0xf800_0000L, 4 << 20);

  private Rig rig = Rig.boot("v6.1.192");
  private TtmDevice ttm = device(TtmDriver.PLAIN);

  private void boot(String kernel, TtmDriver driver) {
    rig = Rig.boot(kernel);
    ttm = device(driver);
  }

  private TtmDevice device(TtmDriver driver) {
    rig.machine.ioRemap().ioremap(VRAM.base(), VRAM.size(), CacheMode.WC);
    return new TtmDevice(new DrmDevice(rig.machine, "card0"), VRAM, Caching.WRITE_COMBINED, driver);
  }

  private TtmBo create(long pages, MemType where) {
    TtmBo bo = ttm.create(pages, where, Caching.CACHED);
    assertThat(bo).isNotNull();
    return bo;
  }

  private long map(TtmBo bo, long pages) {
    return rig.map(new DumbBuffer(ttm.drm().open(RW), bo), pages, Rig.RW, Rig.SHARED);
  }

  /** buffer, mapped, faulting page | entries written, lookups; only forward, to the VMA's end. */
  @ParameterizedTest
  @CsvSource({
    "64, 64, 0, 16",
    "64, 64, 5, 16",
    "64, 64, 60, 4",
    "64, 20, 10, 10",
    "4, 4, 0, 4",
  })
  void prefaultsSixteenPagesForward(long pages, long mapped, int touched, long expected) {
    for (MemType where : MemType.values()) {
      long at = map(create(pages, where), mapped);
      long lookups = rig.machine.kernel().meter.get(Memtypes.LOOKUP);
      assertThat(rig.count(TtmVmOps.FAULT, () -> rig.load(at + touched * 4096L))).isEqualTo(1);
      assertThat(rig.present(at, mapped)).isEqualTo((int) expected);
      assertThat(rig.present(at, touched)).as("nothing before the page").isZero();
      assertThat(rig.machine.kernel().meter.get(Memtypes.LOOKUP) - lookups).isEqualTo(expected);
    }
    rig.check();
  }

  /** The inserter of each era writes special entries; its VMA is another one. */
  @ParameterizedTest
  @CsvSource({"v5.11, io de dd mm", "v6.1.192, pf io de dd", "v6.18.2, pf io de dd"})
  void changedFromMixedmapToPfnmap(String kernel, String flags) {
    boot(kernel, TtmDriver.PLAIN);
    long at = map(create(4, MemType.VRAM), 4);
    assertThat(rig.flags(at)).isEqualTo(flags);
    rig.store(at, 1);
    assertThat(rig.entry(at)).isEqualTo("WC special w");
  }

  @Test
  void moveTakesEverybodysEntriesAndCarriesTheContent() {
    TtmBo bo = create(8, MemType.SYSTEM);
    long at = map(bo, 8);
    long second = rig.map(bo.ttm().drm().open(RW), 0, 1, Rig.R, Rig.SHARED);
    assertThat(Errno.name(second)).as("offset 0 is nobody's").isEqualTo("EINVAL");
    for (int page = 0; page < 8; page++) {
      rig.store(at + page * 4096L, Rig.pattern(page));
    }
    assertThat(bo.move(MemType.VRAM)).isZero();
    assertThat(rig.present(at, 8)).isZero();
    assertThat(rig.load(at + 0x5000)).isEqualTo("1111222233330005");
    assertThat(VRAM.contains(Pte.pfn(rig.pte(at + 0x5000)))).isTrue();
    assertThat(rig.entry(at + 0x5000)).isEqualTo("WC special w");
    rig.check();
    assertThat(bo.move(MemType.SYSTEM)).isZero();
    assertThat(rig.load(at)).isEqualTo("1111222233330000");
    assertThat(rig.entry(at)).isEqualTo("WB special w");
    rig.check();
  }

  /**
   * In v5.11 a private copy is taken away by a move too (even_cows), and the program loses its
   * store.
   */
  @Test
  void moveTakesPrivateCopiesToo() {
    boot("v5.11", TtmDriver.PLAIN);
    TtmBo bo = create(4, MemType.SYSTEM);
    DumbBuffer buffer = new DumbBuffer(ttm.drm().open(RW), bo);
    rig.fill(buffer, 4);
    long at = rig.map(buffer, 4, Rig.RW, Rig.PRIVATE);
    rig.store(at, 0x77);
    assertThat(rig.load(at)).isEqualTo("77");
    bo.move(MemType.VRAM);
    assertThat(rig.load(at)).isEqualTo("1111222233330000");
    rig.check();
  }

  @Test
  void videoMemoryRunsOut() {
    TtmBo most = create(1000, MemType.VRAM);
    assertThat(ttm.create(100, MemType.VRAM, Caching.CACHED)).isNull();
    TtmBo bo = create(100, MemType.SYSTEM);
    assertThat(bo.move(MemType.VRAM)).isEqualTo(-Errno.ENOSPC);
    assertThat(bo.placement()).isEqualTo(MemType.SYSTEM);
    assertThat(most.move(MemType.SYSTEM)).isZero();
    assertThat(bo.move(MemType.VRAM)).isZero();
    rig.check();
  }

  private int fault(long at, int flags) {
    Mm mm = rig.process.mm;
    mm.readLock();
    try {
      return rig.machine.faults().handleMmFault(rig.vma(at), at, flags);
    } finally {
      mm.readUnlock();
    }
  }

  /**
   * flags of the fault on a buffer that another task has locked | result, mmap_lock dropped to
   * wait.
   */
  @ParameterizedTest
  @CsvSource({
    "ALLOW_RETRY, RETRY, 1",
    "ALLOW_RETRY RETRY_NOWAIT, RETRY, 0",
    "ALLOW_RETRY TRIED, NOPAGE, 0",
    "'', NOPAGE, 0",
  })
  void waitsForTheReservationWithoutMmapLock(String flags, String result, long waits) {
    TtmBo bo = create(4, MemType.SYSTEM);
    long at = map(bo, 4);
    bo.reservation().holdElsewhere();
    assertThat(
            rig.count(
                TtmVmOps.WAITED_UNLOCKED,
                () -> assertThat(name(fault(at, bits(flags)))).isEqualTo(result)))
        .isEqualTo(waits);
    assertThat(bo.reservation().isLocked()).isFalse();
    rig.check();
  }

  @Test
  void aSignalWhileWaitingForTheLockMakesTheProgramFaultAgain() {
    TtmBo bo = create(4, MemType.SYSTEM);
    long at = map(bo, 4);
    bo.reservation().holdElsewhere();
    bo.reservation().interruptNextWait();
    assertThat(name(fault(at, 0))).isEqualTo("NOPAGE");
    assertThat(rig.present(at, 4)).isZero();
    bo.reservation().holdElsewhere();
    assertThat(rig.load(at)).as("the CPU tries again").isEqualTo("0");
    rig.check();
  }

  /** A move by the device's engine leaves a fence that the next touch waits for. */
  @Test
  void waitsForTheMove() {
    boot("v6.1.192", asynchronous(true));
    TtmBo bo = create(4, MemType.SYSTEM);
    long at = map(bo, 4);
    bo.move(MemType.VRAM);
    assertThat(name(fault(at, VmFault.FLAG_ALLOW_RETRY | VmFault.FLAG_RETRY_NOWAIT)))
        .isEqualTo("RETRY");
    assertThat(bo.reservation().isLocked()).isFalse();
    assertThat(name(fault(at, VmFault.FLAG_ALLOW_RETRY))).isEqualTo("RETRY");
    assertThat(bo.reservation().isLocked()).isFalse();
    assertThat(rig.present(at, 4)).isZero();
    assertThat(name(fault(at, VmFault.FLAG_ALLOW_RETRY))).as("it has moved").isEqualTo("NOPAGE");
    bo.move(MemType.SYSTEM);
    bo.reservation().interruptNextWait();
    assertThat(name(fault(at, 0))).as("a signal").isEqualTo("NOPAGE");
    assertThat(rig.present(at, 4)).isZero();
    assertThat(name(fault(at, 0))).isEqualTo("NOPAGE");
    assertThat(rig.present(at, 4)).isEqualTo(4);
    rig.check();
  }

  private static TtmDriver asynchronous(boolean engine) {
    return new TtmDriver() {
      @Override
      public boolean movesAsynchronously() {
        return engine;
      }
    };
  }

  /** amdgpu moves what the CPU cannot reach before the fault goes on; it may also refuse. */
  @Test
  void theDriverMayMoveTheBufferFirst() {
    boot(
        "v6.1.192",
        new TtmDriver() {
          @Override
          public int faultReserveNotify(TtmBo bo) {
            return bo.move(MemType.VRAM) == 0 ? 0 : VmFault.SIGBUS;
          }
        });
    TtmBo bo = create(4, MemType.SYSTEM);
    long at = map(bo, 4);
    assertThat(rig.load(at)).isEqualTo("0");
    assertThat(bo.placement()).isEqualTo(MemType.VRAM);
    TtmBo large = create(2000, MemType.SYSTEM);
    assertThat(rig.load(map(large, 4))).isEqualTo("SIGBUS/BUS_ADRERR");
    rig.check();
  }

  @ParameterizedTest
  @CsvSource({"v5.11, OOM", "v6.1.192, OOM", "v6.18.2, SIGBUS"})
  void withoutMemoryTheErasDisagree(String kernel, String result) {
    boot(kernel, TtmDriver.PLAIN);
    Frames frames = rig.machine.frames();
    TtmBo bo = create(64, MemType.SYSTEM);
    long at = map(bo, 64);
    // A page table must still be had, so only 63 pages go missing.
    while (frames.buddy().freePages() > 63) {
      frames.alloc();
    }
    assertThat(name(fault(at, 0))).isEqualTo(result);
    assertThat(frames.buddy().freePages()).as("nothing is kept of a failure").isEqualTo(63);
  }

  @Test
  void importedBuffersAreNotFaultedIn() {
    TtmBo bo = create(4, MemType.SYSTEM);
    bo.setImported();
    assertThat(rig.load(map(bo, 4))).isEqualTo("SIGBUS/BUS_ADRERR");
  }

  /** After hot unplug: v5.11 goes on as before, later kernels map one page of zeros everywhere. */
  @ParameterizedTest
  @CsvSource({"v5.11, 4, 1111222233330001", "v6.1.192, 4, 0", "v6.18.2, 4, 0"})
  void unplugged(String kernel, int present, String read) {
    boot(kernel, TtmDriver.PLAIN);
    TtmBo bo = create(4, MemType.SYSTEM);
    DumbBuffer buffer = new DumbBuffer(ttm.drm().open(RW), bo);
    rig.fill(buffer, 4);
    long at = rig.map(buffer, 4, Rig.RW, Rig.SHARED);
    ttm.drm().unplug();
    bo.unmapVirtual();
    assertThat(rig.load(at)).isEqualTo(read.equals("0") ? "0" : "1111222233330000");
    assertThat(rig.present(at, 4)).isEqualTo(present);
    assertThat(rig.load(at + 0x1000)).isEqualTo(read);
    assertThat(Rig.name(rig.map(buffer, 4, Rig.RW, Rig.SHARED)))
        .as("a new mapping")
        .isEqualTo("ENODEV");
    rig.check();
  }

  /** ->access reads and writes the buffer, whatever the mapping allows and hides. */
  @Test
  void debuggersSeeTheBufferAndNotThePrivateCopy() {
    boot("v5.11", TtmDriver.PLAIN);
    TtmBo bo = create(4, MemType.SYSTEM);
    DumbBuffer buffer = new DumbBuffer(ttm.drm().open(RW), bo);
    rig.fill(buffer, 4);
    long at = rig.map(buffer, 4, Rig.RW, Rig.PRIVATE);
    rig.store(at, 0x77);
    byte[] word = new byte[8];
    assertThat(rig.machine.procMem().read(rig.process.mm, at, word, 8)).isEqualTo(8);
    assertThat(word[7]).as("the buffer's, not the copy's").isEqualTo((byte) 0x11);
    assertThat(rig.machine.procMem().write(rig.process.mm, at, new byte[8], 8)).isEqualTo(8);
    assertThat(buffer.word(0)).isZero();
    assertThat(rig.load(at)).isEqualTo("77");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void debuggersReachVideoMemoryOnlyThroughTheDriver(boolean hook) {
    boot(
        "v6.1.192",
        new TtmDriver() {
          @Override
          public boolean canAccessVram() {
            return hook;
          }
        });
    long at = map(create(4, MemType.VRAM), 4);
    long got = rig.machine.procMem().read(rig.process.mm, at, new byte[8], 8);
    assertThat(Errno.isError(got) ? Errno.name(got) : "ok").isEqualTo(hook ? "ok" : "EIO");
  }

  @Test
  void aShrunkMappingFaultsTheRightPages() {
    TtmBo bo = create(32, MemType.SYSTEM);
    DumbBuffer buffer = new DumbBuffer(ttm.drm().open(RW), bo);
    rig.fill(buffer, 32);
    long at = rig.map(buffer, 32, Rig.RW, Rig.SHARED);
    rig.munmap(at, 20);
    assertThat(rig.load(at + (21 << 12))).isEqualTo(Long.toHexString(Rig.pattern(21)));
    assertThat(rig.present(at + (20 << 12), 12)).isEqualTo(11);
    rig.check();
  }

  @Test
  void oneInsertAPage() {
    long at = map(create(40, MemType.VRAM), 40);
    assertThat(
            rig.count(
                InsertEvents.INSERT_PFN,
                () -> {
                  for (int page = 0; page < 40; page++) {
                    rig.load(at + page * 4096L);
                  }
                }))
        .isEqualTo(40);
  }

  private static int bits(String names) {
    int bits = 0;
    bits |= names.contains("ALLOW_RETRY") ? VmFault.FLAG_ALLOW_RETRY : 0;
    bits |= names.contains("RETRY_NOWAIT") ? VmFault.FLAG_RETRY_NOWAIT : 0;
    bits |= names.contains("TRIED") ? VmFault.FLAG_TRIED : 0;
    return bits;
  }

  private static String name(int result) {
    return switch (result) {
      case VmFault.NOPAGE -> "NOPAGE";
      case VmFault.RETRY -> "RETRY";
      case VmFault.OOM -> "OOM";
      case VmFault.SIGBUS -> "SIGBUS";
      default -> Integer.toHexString(result);
    };
  }
}
