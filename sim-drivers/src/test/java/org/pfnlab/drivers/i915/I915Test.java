package org.pfnlab.drivers.i915;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.Rig;
import org.pfnlab.drivers.dmabuf.Reservation;
import org.pfnlab.drivers.drm.DumbBuffer;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Placement;

class I915Test {
  private static final int RW = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;

  private Rig rig = Rig.boot("v6.1.192");
  private I915 i915 = probe(64 << 20);

  private void boot(String kernel, long aperture) {
    rig = Rig.boot(kernel);
    i915 = probe(aperture);
  }

  private I915 probe(long aperture) {
    I915 probed = I915.probe(rig.machine, new Bar(0xf800_0000L, aperture));
    assertThat(probed).isNotNull();
    return probed;
  }

  private DumbBuffer create(long pages) {
    return new DumbBuffer(i915.drm().open(RW), i915.create(pages));
  }

  private I915Object object(DumbBuffer buffer) {
    return (I915Object) buffer.object();
  }

  /** The thread's point: one reservation at probe, then no question for any page. */
  @Test
  void asksPatOnceAtProbeAndNeverAgain() {
    Rig other = Rig.boot("v6.1.192");
    assertThat(
            other.count(
                Memtypes.TREE_INSERT,
                () -> I915.probe(other.machine, new Bar(0xf800_0000L, 64 << 20))))
        .isEqualTo(1);
    DumbBuffer buffer = create(1000);
    long at = rig.map(buffer, 1000, Rig.RW, Rig.SHARED);
    long visited = rig.machine.kernel().meter.get(ResourceTree.NODE_VISITED);
    long lookups = rig.machine.kernel().meter.get(Memtypes.LOOKUP);
    assertThat(rig.count(GttVmOps.FAULT, () -> rig.load(at + 0x5000))).isEqualTo(1);
    assertThat(rig.present(at, 1000)).isEqualTo(1000);
    assertThat(rig.machine.kernel().meter.get(Memtypes.LOOKUP) - lookups).isZero();
    assertThat(rig.machine.kernel().meter.get(ResourceTree.NODE_VISITED) - visited).isZero();
    assertThat(rig.entry(at + 0x3e_7000)).isEqualTo("WC special w");
    rig.check();
  }

  @Test
  void anApertureThatCannotBeReservedFailsTheProbe() {
    Rig other = Rig.boot("v6.1.192");
    other.machine.ioRemap().ioremap(0xf800_0000L, 1 << 20, CacheMode.UC_MINUS);
    other.machine.ioRemap().ioremap(0xf810_0000L, 1 << 20, CacheMode.WC);
    assertThat(I915.probe(other.machine, new Bar(0xf800_0000L, 64 << 20))).isNull();
    ObjectUnderTest refused =
        KindCatalog.standard()
            .find("i915_gtt")
            .on(other.machine, Placement.at(new Bar(0xf800_0000L, 64 << 20)))
            .open(4);
    assertThat(refused.errno()).isEqualTo(-Errno.EIO);
  }

  /** An aperture of 2 MiB and an object of 4: pieces of 1 MiB, of which two fit. */
  @Test
  void mapsPiecesWhereTheWholeDoesNotFit() {
    boot("v6.1.192", 2 << 20);
    DumbBuffer buffer = create(1024);
    long at = rig.map(buffer, 1024, Rig.RW, Rig.SHARED);
    rig.store(at + (300L << 12), 0x300);
    assertThat(present(at)).isEqualTo("0 256 0 0");
    rig.store(at + (700L << 12), 0x700);
    assertThat(present(at)).isEqualTo("0 256 256 0");
    rig.store(at, 0x1);
    assertThat(present(at)).as("the oldest piece had to go").isEqualTo("256 0 256 0");
    assertThat(i915.ggtt().userFaults()).isEqualTo(2);
    assertThat(rig.load(at + (300L << 12))).as("and came back with its content").isEqualTo("300");
    assertThat(buffer.word(700)).isEqualTo(0x700);
    assertThat(buffer.word(0)).isEqualTo(0x1);
    rig.check();
  }

  private String present(long at) {
    StringBuilder text = new StringBuilder();
    for (int chunk = 0; chunk < 4; chunk++) {
      text.append(chunk == 0 ? "" : " ").append(rig.present(at + chunk * 0x10_0000L, 256));
    }
    return text.toString();
  }

  /** A whole object is bound only where that costs nobody his place. */
  @Test
  void theWholeObjectDoesNotEvictOthers() {
    boot("v6.1.192", 4 << 20);
    DumbBuffer first = create(512);
    DumbBuffer second = create(600);
    long a = rig.map(first, 512, Rig.RW, Rig.SHARED);
    rig.store(a, 1);
    long b = rig.map(second, 600, Rig.RW, Rig.SHARED);
    rig.store(b, 2);
    assertThat(rig.present(b, 600)).as("a piece beside the first object").isEqualTo(256);
    assertThat(rig.present(a, 512)).isEqualTo(512);
    rig.check();
  }

  @Test
  void revokesExactlyWhatIsUnbound() {
    DumbBuffer first = create(16);
    DumbBuffer second = create(16);
    long a = rig.map(first, 16, Rig.RW, Rig.SHARED);
    long b = rig.map(second, 16, Rig.RW, Rig.SHARED);
    rig.store(a, 1);
    rig.store(b, 2);
    GgttView view = i915.ggtt().find(object(first), 0, 16);
    assertThat(rig.count(Ggtt.REVOKED, () -> i915.ggtt().revoke(view))).isEqualTo(1);
    assertThat(rig.count(Ggtt.REVOKED, () -> i915.ggtt().revoke(view))).as("done").isZero();
    assertThat(rig.present(a, 16)).isZero();
    assertThat(rig.present(b, 16)).isEqualTo(16);
    assertThat(rig.load(a)).isEqualTo("1");
    rig.check();
  }

  @Test
  void runtimeSuspendTakesAllMappingsAndTheNextTouchBringsThemBack() {
    long a = rig.map(create(16), 16, Rig.RW, Rig.SHARED);
    long b = rig.map(create(16), 16, Rig.RW, Rig.SHARED);
    rig.store(a, 1);
    rig.store(b, 2);
    assertThat(i915.ggtt().userFaults()).isEqualTo(2);
    i915.ggtt().runtimeSuspend();
    assertThat(i915.ggtt().userFaults()).isZero();
    assertThat(rig.present(a, 16) + rig.present(b, 16)).isZero();
    assertThat(rig.load(a) + rig.load(b)).isEqualTo("12");
    rig.check();
  }

  /** remap_io_mapping writes over entries that are there, where remap_pfn_range would be a BUG. */
  @Test
  void mapsOverPresentEntries() {
    long at = rig.map(create(16), 16, Rig.RW, Rig.SHARED);
    rig.load(at);
    rig.process.mm.pageTable.clear(at + 0x3000);
    assertThat(rig.load(at + 0x3000)).isEqualTo("0");
    assertThat(rig.present(at, 16)).isEqualTo(16);
    rig.check();
  }

  @ParameterizedTest
  @CsvSource({"v5.11, pf de dd", "v6.1.192, pf io de dd"})
  void flagsOfTheEras(String kernel, String flags) {
    boot(kernel, 4 << 20);
    long at = rig.map(create(4), 4, Rig.RW, Rig.SHARED);
    assertThat(rig.flags(at)).isEqualTo(flags);
  }

  @Test
  void theVmaBelongsToAFileOfTheDevicesOwn() {
    DumbBuffer buffer = create(4);
    OpenFile opened = buffer.file();
    long at = rig.map(buffer, 4, Rig.RW, Rig.SHARED);
    assertThat(rig.vma(at).file).isNotSameAs(opened);
    assertThat(opened.references()).isEqualTo(1);
    buffer.close();
    assertThat(rig.store(at, 1)).as("closing the device does not end it").isEqualTo("ok");
    i915.ggtt().runtimeSuspend();
    assertThat(rig.present(at, 4)).as("nor hide it from revocation").isZero();
    rig.check();
  }

  @Test
  void anUnknownOffsetAndAForeignOne() {
    DumbBuffer buffer = create(4);
    OpenFile other = i915.drm().open(RW);
    assertThat(Rig.name(rig.map(other, 0, 4, Rig.RW, Rig.SHARED))).isEqualTo("EINVAL");
    assertThat(Rig.name(rig.map(other, buffer.offset(), 4, Rig.RW, Rig.SHARED)))
        .isEqualTo("EACCES");
    i915.drm().unplug();
    assertThat(Rig.name(rig.map(other, 0, 4, Rig.RW, Rig.SHARED))).isEqualTo("ENODEV");
  }

  @Test
  void readOnlyObjects() {
    DumbBuffer buffer = create(4);
    object(buffer).setReadOnly();
    assertThat(Rig.name(rig.map(buffer, 4, Rig.RW, Rig.SHARED))).isEqualTo("EINVAL");
    long at = rig.map(buffer, 4, Rig.R, Rig.SHARED);
    assertThat(rig.vma(at).has(VmFlags.VM_MAYWRITE)).isFalse();
    assertThat(rig.load(at)).isEqualTo("0");
    assertThat(rig.machine.procMem().write(rig.process.mm, at, new byte[8], 8)).isNegative();
  }

  /**
   * CVE-2024-42259. A mapping of 300 pages of an object of 1024: the piece around page 256 is
   * mapped up to page 512, past the VMA's end.
   */
  @ParameterizedTest
  @CsvSource({"v5.11, 212", "v6.1, 212", "v6.1.192, 0", "v6.18.2, 0"})
  void entriesBehindTheEndOfTheVma(String kernel, int stray) {
    boot(kernel, 2 << 20);
    long at = rig.map(create(1024), 300, Rig.RW, Rig.SHARED);
    assertThat(rig.store(at + (256L << 12), 1)).isEqualTo("ok");
    assertThat(rig.present(at + (256L << 12), 44)).isEqualTo(44);
    assertThat(rig.present(at + (300L << 12), 724)).isEqualTo(stray);
  }

  /**
   * The same sum done wrong shows another page than the one asked for once the VMA's head is gone.
   */
  @ParameterizedTest
  @CsvSource({"v5.11, 1111222233330000", "v6.1.192, 1111222233330001"})
  void aMappingWithoutItsHead(String kernel, String read) {
    boot(kernel, 4 << 20);
    DumbBuffer buffer = create(8);
    rig.fill(buffer, 8);
    long at = rig.map(buffer, 8, Rig.RW, Rig.SHARED);
    rig.munmap(at, 1);
    assertThat(rig.load(at + 0x1000)).isEqualTo(read);
  }

  /** i915_error_to_vmf_fault. */
  @ParameterizedTest
  @CsvSource({
    "0, 0x100", "11, 0x100", "28, 0x100", "512, 0x100", "4, 0x100", "16, 0x100",
    "12, 0x1", "5, 0x2", "14, 0x2", "19, 0x2", "6, 0x2", "1, 0x2"
  })
  void errorsBecomeFaultCodes(int errno, String code) {
    assertThat(GttVmOps.faultCode(-errno)).isEqualTo(Integer.decode(code).intValue());
  }

  @Test
  void aSignalMakesTheProgramFaultAgain() {
    DumbBuffer buffer = create(4);
    long at = rig.map(buffer, 4, Rig.RW, Rig.SHARED);
    Reservation lock = buffer.object().reservation();
    lock.holdElsewhere();
    lock.interruptNextWait();
    rig.process.mm.readLock();
    int result = rig.machine.faults().handleMmFault(rig.vma(at), at, 0);
    rig.process.mm.readUnlock();
    assertThat(result).isEqualTo(VmFault.NOPAGE);
    assertThat(rig.present(at, 4)).isZero();
    assertThat(rig.load(at)).isEqualTo("0");
  }

  /** length | v5.11, which checks the start only; v6.1. */
  @ParameterizedTest
  @CsvSource({"v5.11, 8", "v6.1.192, EINVAL"})
  void debuggersAtTheObjectsEnd(String kernel, String expected) {
    boot(kernel, 4 << 20);
    long at = rig.map(create(1), 1, Rig.RW, Rig.SHARED);
    byte[] word = new byte[8];
    int got = rig.vma(at).ops.access(rig.vma(at), at + 4092, word, 0, 8, false);
    assertThat(got < 0 ? Errno.name(got) : Integer.toString(got)).isEqualTo(expected);
  }

  @Test
  void entriesLeadIntoTheAperture() {
    long at = rig.map(create(4), 4, Rig.RW, Rig.SHARED);
    rig.load(at);
    assertThat(Pte.pfn(rig.pte(at))).isEqualTo(0xf8000);
  }
}
