package org.pfnlab.core.iomem;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/** region_intersects, the exclusive check and the sanity check, and what they look at. */
final class RegionChecksTest {
  private static final long BAR = 0xf800_0000L;
  private static final long WINDOW = 0x4000_0000L;

  /** A CXL window that RAM covers partly, and RAM beside it. */
  private static ResourceTree cxl(String version) {
    return IomemText.parse(
        Trees.kernel(version),
        """
        10000000-1fffffff : System RAM
        20000000-2fffffff : CXL Window 0
          20000000-27ffffff : System RAM (kmem)
          28000000-29ffffff : System RAM (kmem)
        """);
  }

  @ParameterizedTest
  @CsvSource({
    // range,               until v6.11,  since v6.12
    "10000000, 1fffffff,    INTERSECTS,   INTERSECTS", // RAM alone
    "10000000, 10000fff,    INTERSECTS,   INTERSECTS",
    "00000000, 10000fff,    INTERSECTS,   INTERSECTS", // a hole is nothing of another kind
    "00000000, 0fffffff,    DISJOINT,     DISJOINT",
    "20000000, 27ffffff,    DISJOINT,     INTERSECTS", // covered by RAM inside the window
    "20000000, 29ffffff,    DISJOINT,     INTERSECTS", // by two pieces
    "21000000, 21000fff,    DISJOINT,     INTERSECTS",
    "28000000, 2a000fff,    DISJOINT,     MIXED", // not to its end
    "2a000000, 2a000fff,    DISJOINT,     DISJOINT",
    "1ff00000, 200fffff,    MIXED,        INTERSECTS",
    "1ff00000, 2fffffff,    MIXED,        MIXED",
  })
  void ramInsideAWindowCountsSinceV612(
      String first, String last, RegionOverlap before, RegionOverlap since) {
    long start = Long.parseLong(first, 16);
    long size = Long.parseLong(last, 16) - start + 1;
    for (String version : new String[] {"v5.11", "v6.1"}) {
      assertThat(cxl(version).regionIntersects(start, size, Iores.SYSTEM_RAM, Iores.DESC_NONE))
          .as(version)
          .isEqualTo(before);
    }
    for (String version : new String[] {"v6.1.192", "v6.12", "v6.18.2"}) {
      assertThat(cxl(version).regionIntersects(start, size, Iores.SYSTEM_RAM, Iores.DESC_NONE))
          .as(version)
          .isEqualTo(since);
    }
  }

  /**
   * The visits behind the recorded next_resource counts of a /dev/mem mapping of the BAR: 17 on the
   * first level by sibling pointer; 25 more in 6.1.192, where the descent into the window's 18 ran
   * on over the 7 nodes behind it.
   */
  @ParameterizedTest
  @CsvSource({"v5.11, 17", "v6.1, 17", "v6.1.192, 42", "v6.12, 42", "v6.13, 35", "v6.18.2, 35"})
  void regionIntersectsLooksAt(String version, int scanned) {
    ResourceTree tree = Trees.tree(version, "linux-6.1.txt");
    assertThat(tree.regionIntersects(BAR, 4096, Iores.SYSTEM_RAM, Iores.DESC_NONE))
        .isEqualTo(RegionOverlap.DISJOINT);
    assertThat(tree.kernel().meter.get(ResourceTree.NODE_SCANNED)).isEqualTo(scanned);
    assertThat(tree.kernel().meter.get(ResourceTree.NODE_VISITED)).isZero();
  }

  /** Recorded: 22 next_resource calls a page in 6.1.192 and 6.18.2, none in 5.11. */
  @ParameterizedTest
  @CsvSource({"v5.11, 0", "v6.1.192, 23", "v6.18.2, 23"})
  void theExclusiveCheckLooksAt(String version, int scanned) {
    ResourceTree tree = Trees.tree(version, "linux-6.1.txt");
    assertThat(tree.isExclusive(BAR, 4096)).isFalse();
    assertThat(tree.kernel().meter.get(ResourceTree.NODE_SCANNED)).isEqualTo(scanned);
  }

  @ParameterizedTest
  @CsvSource({
    // features,                          busy,  exclusive, exclusive RAM, exclusive idle RAM
    "v5.11,                               false, false, false, false",
    "v5.11+STRICT_DEVMEM,                 false, true,  true,  false",
    "v5.11+STRICT_DEVMEM+IO_STRICT_DEVMEM, true, true,  true,  false",
    "v6.1,                                false, false, true,  true",
    "v6.1+STRICT_DEVMEM,                  false, true,  true,  true",
    "v6.1+STRICT_DEVMEM+IO_STRICT_DEVMEM, true,  true,  true,  true",
    "v6.1+IO_STRICT_DEVMEM,               false, false, true,  true",
  })
  void whatIsExclusive(
      String spec, boolean busy, boolean exclusive, boolean exclusiveRam, boolean idleRam) {
    KernelProfile profile = KernelProfile.of(spec.contains("v5.11") ? "v5.11" : "v6.1");
    if (spec.contains("+STRICT_DEVMEM")) {
      profile = profile.with(IomemFeatures.STRICT_DEVMEM);
    }
    if (spec.contains("+IO_STRICT_DEVMEM")) {
      profile = profile.with(IomemFeatures.IO_STRICT_DEVMEM);
    }
    ResourceTree tree = new ResourceTree(new Kernel(profile));
    int window =
        (int) tree.requestResource(ResourceTree.ROOT, 0x10000, 0x5ffff, "bus", Iores.MEM, 0);
    tree.requestMemRegion(0x20000, 0x1000, "busy");
    tree.requestMemRegionExclusive(0x30000, 0x1000, "exclusive");
    int ram = Iores.SYSTEM_RAM | Iores.EXCLUSIVE;
    tree.requestResource(window, 0x40000, 0x40fff, "RAM", ram | Iores.BUSY, 0);
    tree.requestResource(window, 0x50000, 0x50fff, "idle RAM", ram, 0);

    assertThat(tree.isExclusive(0x10000, 4096)).isFalse();
    assertThat(tree.isExclusive(0x20000, 4096)).isEqualTo(busy);
    assertThat(tree.isExclusive(0x30000, 4096)).isEqualTo(exclusive);
    assertThat(tree.isExclusive(0x40000, 4096)).isEqualTo(exclusiveRam);
    assertThat(tree.isExclusive(0x50000, 4096)).isEqualTo(idleRam);
    assertThat(tree.isExclusive(0x20000, 0x31000))
        .as("any of them")
        .isEqualTo(busy || idleRam || exclusive);
  }

  @Test
  void aRangeOverTwoDevicesIsNotSane() {
    ResourceTree tree = Trees.tree("v6.18.2", "linux-6.18.2.txt");
    assertThat(tree.mapSanityCheck(BAR, 64 << 20)).isTrue();
    assertThat(tree.kernel().meter.get(ResourceTree.NODE_SCANNED))
        .as("recorded: all 40 nodes, wherever the range is")
        .isEqualTo(40);

    assertThat(tree.mapSanityCheck(BAR, (64 << 20) + 4096)).isFalse();
    assertThat(tree.kernel().log().lines())
        .containsExactly(
            "resource sanity check: requesting [mem 0xf8000000-0xfc000fff], which spans more than"
                + " 0000:00:03.0 [mem 0xf8000000-0xfbffffff]");
  }

  @Test
  void aDriversClaimMayBeMappedInPart() {
    ResourceTree tree = Trees.tree("v6.1", "linux-6.1.txt");
    int bar = 0;
    while (tree.start(bar) != 0xf406_b000L) {
      bar++;
    }
    assertThat(tree.flags(bar) & Iores.BUSY).isZero();
    assertThat(tree.flags(bar + 1) & Iores.BUSY).isNotZero();
    assertThat(tree.mapSanityCheck(0xf406_b000L, 0x800)).isTrue();
    assertThat(tree.mapSanityCheck(WINDOW, 0x1000)).as("a window's hole").isTrue();
  }
}
