package org.pfnlab.core.iomap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pfnlab.core.iomap.SmallMachine.BAR;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.Memtypes;

/** ioremap and io_mapping: what they cost, whose mode they get, what they refuse. */
final class IoRemapTest {
  private static final long BAR_START = BAR << 12;
  private static final long BAR_SIZE = 64L << 20;

  private SmallMachine m = new SmallMachine("v6.18.2");

  /** io_mapping_init_wc and io_mapping_fini of the whole BAR, as counted on three kernels. */
  @ParameterizedTest
  @CsvSource({"v5.11, 36", "v6.1.192, 48", "v6.18.2, 48"})
  void whatAnApertureCosts(String version, long nodes) {
    m = new SmallMachine(version);
    IoMapping mapping = IoMapping.initWc(m.ioRemap, BAR_START, BAR_SIZE);
    assertThat(mapping).isNotNull();
    assertThat(m.kernel.meter.get(ResourceTree.NODE_VISITED)).isEqualTo(nodes);
    assertThat(m.kernel.meter.get(ResourceTree.FIND_NEXT)).isEqualTo(2);
    assertThat(m.kernel.meter.get(ResourceTree.WALK_SYSTEM_RAM_RANGE)).isEqualTo(1);
    assertThat(m.kernel.meter.get(ResourceTree.NODE_SCANNED)).isEqualTo(m.iomem.size());
    assertThat(m.kernel.meter.get(Memtypes.RESERVE)).isEqualTo(1);
    assertThat(m.kernel.meter.get(Memtypes.TREE_INSERT)).isEqualTo(1);
    assertThat(m.kernel.meter.get(Memtypes.KERNEL_MAP_SYNC)).isEqualTo(1);
    assertThat(m.kernel.meter.get(IoRemap.LEAF_2M)).isEqualTo(32);
    assertThat(m.memtypes.listText())
        .isEqualTo(
            "PAT memtype list:\nPAT: [mem 0x00000000f8000000-0x00000000fc000000]"
                + " write-combining\n");

    long[] before = m.kernel.meter.snapshot();
    mapping.fini();
    assertThat(m.kernel.meter.since(before, ResourceTree.NODE_VISITED)).isEqualTo(24);
    assertThat(m.kernel.meter.since(before, Memtypes.TREE_ERASE)).isEqualTo(1);
    assertThat(m.memtypes.count()).isZero();
    assertThat(m.ioRemap.size()).isZero();
  }

  @Test
  void mappingIsPointerArithmetic() {
    IoMapping mapping = IoMapping.initWc(m.ioRemap, BAR_START, BAR_SIZE);
    assertThat(mapping.base()).isEqualTo(BAR_START);
    assertThat(mapping.size()).isEqualTo(BAR_SIZE);
    assertThat(m.ioRemap.physical(mapping.map(0))).isEqualTo(BAR_START);
    assertThat(mapping.map(0x1234_5000L) - mapping.map(0)).isEqualTo(0x1234_5000L);
  }

  /** io_mapping's protection is WC whatever ioremap_wc got. */
  @Test
  void protectionOfAnApertureIgnoresTheReservation() {
    long alias = m.ioRemap.ioremap(BAR_START, 4096, CacheMode.UC_MINUS);
    IoMapping mapping = IoMapping.initWc(m.ioRemap, BAR_START, BAR_SIZE);
    assertThat(alias).isNotZero();
    assertThat(m.ioRemap.mode(mapping.map(0))).isEqualTo(CacheMode.UC_MINUS);
    assertThat(mapping.prot() & Pte.CACHE_MASK).isEqualTo(Pte.PWT);
    assertThat(mapping.userProt(Pte.PAGE_SHARED | Pte.PCD)).isEqualTo(Pte.PAGE_SHARED | Pte.PWT);
  }

  /** Without PAT, write-combining is UC-, in the aperture's protection too. */
  @Test
  void withoutPat() {
    m = new SmallMachine(KernelProfile.of("v6.1.192").without(Arch.X86_PAT));
    IoMapping mapping = IoMapping.initWc(m.ioRemap, BAR_START, BAR_SIZE);
    assertThat(mapping.prot() & Pte.CACHE_MASK).isEqualTo(Pte.PCD);
    assertThat(m.memtypes.count()).isZero();
  }

  /** The second mapping gets the first one's mode, unless it would cache more than it asked for. */
  @ParameterizedTest
  @CsvSource({
    "WC,       -,        WC",
    "UC_MINUS, -,        UC_MINUS",
    "WB,       -,        UC_MINUS",
    "UC_MINUS, WC,       WC",
    "WC,       UC_MINUS, UC_MINUS",
    "UC,       WC,       WC",
    "WB,       WC,       WC",
    "WT,       WC,       NULL",
    "WC,       WB,       NULL",
    "UC_MINUS, WB,       NULL",
    "WT,       UC,       UC",
    "UC,       WB,       WB",
  })
  void adoption(CacheMode wanted, String first, String obtained) {
    if (!first.equals("-")) {
      m.memtypes.restore(BAR_START, BAR_START + 8192, CacheMode.valueOf(first));
    }
    int before = m.memtypes.count();
    long address = m.ioRemap.ioremap(BAR_START + 4096, 8192, wanted);
    if (obtained.equals("NULL")) {
      assertThat(address).isZero();
      assertThat(m.memtypes.count()).isEqualTo(before);
      assertThat(m.kernel.log().lines()).anyMatch(line -> line.startsWith("ioremap error for"));
    } else {
      assertThat(m.ioRemap.mode(address)).isEqualTo(CacheMode.valueOf(obtained));
      m.ioRemap.iounmap(address);
      assertThat(m.memtypes.count()).isEqualTo(before);
      assertThat(m.kernel.log().lines()).isEmpty();
    }
  }

  /** Two leaked reservations that disagree: nobody can map over both any more. */
  @Test
  void disagreeingReservationsMakeItFail() {
    m.memtypes.restore(BAR_START, BAR_START + 4096, CacheMode.WC);
    m.memtypes.restore(BAR_START + 4096, BAR_START + 8192, CacheMode.UC_MINUS);
    assertThat(IoMapping.initWc(m.ioRemap, BAR_START, BAR_SIZE)).isNull();
    assertThat(m.kernel.log().lines())
        .containsExactly(
            "x86/PAT: oracle conflicting memory types f8000000-fc000000"
                + " write-combining<->uncached-minus",
            "x86/PAT: memtype_reserve failed [mem 0xf8000000-0xfbffffff], track"
                + " write-combining, req write-combining");
  }

  @ParameterizedTest
  @CsvSource({
    "f8000000, 0",
    "f8000000, fffffffffffffff0",
    "400000000000, 1000",
    "ffffffffffffe000, 1000",
    "10000000, 1000",
    "3bffe000, 4000",
  })
  void refused(String phys, String size) {
    long address =
        m.ioRemap.ioremap(
            Long.parseUnsignedLong(phys, 16), Long.parseUnsignedLong(size, 16), CacheMode.UC_MINUS);
    assertThat(address).isZero();
    assertThat(m.kernel.meter.get(Memtypes.RESERVE)).isZero();
  }

  /** RAM is refused with a warning that comes once. */
  @Test
  void ramIsRefused() {
    for (int i = 0; i < 2; i++) {
      assertThat(m.ioRemap.ioremap(0x1000_0000L, 4096, CacheMode.WB)).isZero();
    }
    assertThat(m.kernel.log().warnings()).isEqualTo(1);
    assertThat(m.kernel.log().lines())
        .contains("ioremap on RAM at 0x0000000010000000 - 0x0000000010000fff");
  }

  /** What is no resource, or reserved, is no RAM: the hole in RAM can be mapped. */
  @ParameterizedTest
  @ValueSource(longs = {0x3c00_0000L, 0x3ffd_a000L, 0x1000L})
  void reservedMemoryIsNoRam(long phys) {
    assertThat(m.ioRemap.ioremap(phys, 4096, CacheMode.UC_MINUS)).isNotZero();
  }

  @Test
  void addressesKeepTheOffsetAndAreNeverGivenTwice() {
    long first = m.ioRemap.ioremap(BAR_START + 0x10, 0x20, CacheMode.UC_MINUS);
    assertThat(first & 0xfff).isEqualTo(0x10);
    assertThat(m.memtypes.end(0) - m.memtypes.start(0)).isEqualTo(4096);
    assertThat(m.ioRemap.physical(first)).isEqualTo(BAR_START + 0x10);
    long second = m.ioRemap.ioremap(BAR_START + 0xff0, 0x20, CacheMode.UC_MINUS);
    assertThat(second).isGreaterThan(first + 4096);
    assertThat(m.memtypes.end(1) - m.memtypes.start(1)).isEqualTo(8192);
    m.ioRemap.iounmap(first);
    assertThat(m.ioRemap.ioremap(BAR_START, 4096, CacheMode.UC_MINUS)).isGreaterThan(second);
    m.ioRemap.reset();
    m.memtypes.reset();
    assertThat(m.ioRemap.ioremap(BAR_START + 0x10, 0x20, CacheMode.UC_MINUS)).isEqualTo(first);
  }

  @Test
  void iounmapOfSomethingElse() {
    m.ioRemap.iounmap(0x1234_5000L);
    assertThat(m.kernel.log().lines()).hasSize(1);
    assertThatThrownBy(() -> m.ioRemap.physical(0x1234_5000L))
        .hasMessageContaining("use what ioremap returned");
  }

  /** Large leaves where both addresses are aligned: 1G, then 2M, then 4K. */
  @ParameterizedTest
  @CsvSource({
    "100000000, 40000000, 1, 0, 0",
    "100000000, 40201000, 1, 1, 1",
    "100200000, 40000000, 0, 512, 0",
    "f8001000,  400000,   0, 1, 512",
    "f8000000,  1000,     0, 0, 1",
  })
  void leaves(String phys, String size, long giants, long large, long small) {
    long address =
        m.ioRemap.ioremap(Long.parseLong(phys, 16), Long.parseLong(size, 16), CacheMode.WC);
    assertThat(address).isNotZero();
    assertThat(m.kernel.meter.get(IoRemap.LEAF_1G)).isEqualTo(giants);
    assertThat(m.kernel.meter.get(IoRemap.LEAF_2M)).isEqualTo(large);
    assertThat(m.kernel.meter.get(IoRemap.LEAF_4K)).isEqualTo(small);
  }

  /** Canary: reading the whole tree is not forgotten, however early the range lies. */
  @Test
  void canarySanityCheckVisitsTheWholeTree() {
    m.ioRemap.ioremap(0xa0000, 4096, CacheMode.UC_MINUS);
    assertThat(m.kernel.meter.get(ResourceTree.NODE_SCANNED)).isEqualTo(m.iomem.size());
    assertThat(m.kernel.meter.get(ResourceTree.NODE_VISITED)).isLessThan(m.iomem.size());
  }
}
