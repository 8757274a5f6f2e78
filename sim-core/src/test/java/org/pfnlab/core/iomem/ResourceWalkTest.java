package org.pfnlab.core.iomem;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Kernel;

/** How many resources each era compares for one page: counted by hand and recorded. */
final class ResourceWalkTest {
  private static final long MIB = 1L << 20;

  @ParameterizedTest
  @CsvSource({
    "v4.9,     FIRST_LEVEL",
    "v5.0,     FIRST_LEVEL",
    "v5.1,     PREORDER",
    "v5.2,     PREORDER",
    "v5.3,     SIBLINGS_THEN_PREORDER",
    "v5.11,    SIBLINGS_THEN_PREORDER",
    "v5.12,    SIBLINGS_THEN_PREORDER",
    "v5.13,    PREORDER",
    "v6.1,     PREORDER",
    "v6.1.100, PREORDER",
    "v6.1.192, SIBLINGS_THEN_PREORDER",
    "v6.12.117,SIBLINGS_THEN_PREORDER",
    "v6.18,    PREORDER",
    "v6.18.2,  SIBLINGS_THEN_PREORDER",
    "v6.18.44, SIBLINGS_THEN_PREORDER",
    "v6.19,    SIBLINGS_THEN_PREORDER",
  })
  void everyEraHasItsWalk(String version, ResourceWalk walk) {
    assertThat(ResourceWalk.of(Trees.kernel(version))).isEqualTo(walk);
  }

  @ParameterizedTest
  @CsvSource({
    "small-vm.txt, low RAM,              200000,      4,  4,  6",
    "small-vm.txt, high RAM,             180000000,   8,  8, 16",
    "small-vm.txt, 32-bit PCI window,    d0000000,    6,  6, 12",
    "small-vm.txt, third device's BAR,   4000100000,  9, 16, 24",
    "small-vm.txt, fifth device's BAR,   4000200000,  9, 19, 27",
    "laptop.txt,   low RAM,              200000,      4,  4,  6",
    "laptop.txt,   high RAM,             180000000,  14, 14, 23",
    "laptop.txt,   NVMe BAR,             80400000,   10, 13, 15",
    "laptop.txt,   iGPU aperture,        4000000000, 16, 18, 30",
    "laptop.txt,   dGPU BAR,             6000000000, 16, 20, 32",
    "laptop.txt,   i915 registers,       6018000000, 16, 22, 34",
    "linux-6.1.txt, the recorded BAR,    f8000000,   12, 24, 29",
    "linux-6.1.txt, recorded RAM,        10000000,    8,  8,  9",
    "linux-6.1.txt, recorded RAM hole,   3c000000,    9,  9, 14",
    "linux-6.18.2.txt, the recorded BAR, f8000000,   12, 24, 29",
  })
  void visitsAreThoseCountedByHand(
      String file, String what, String address, int firstLevel, int siblings, int preorder) {
    ResourceTree tree = Trees.tree("v6.1", file);
    long page = Long.parseLong(address, 16);

    assertThat(tree.visitsOfRamTest(page, ResourceWalk.FIRST_LEVEL)).as(what).isEqualTo(firstLevel);
    assertThat(tree.visitsOfRamTest(page, ResourceWalk.SIBLINGS_THEN_PREORDER))
        .as(what)
        .isEqualTo(siblings);
    assertThat(tree.visitsOfRamTest(page, ResourceWalk.PREORDER)).as(what).isEqualTo(preorder);
  }

  /** Recorded with extra regions requested by a driver, on the three kernels alike. */
  @ParameterizedTest
  @CsvSource({
    "v5.11,    linux-5.11.txt",
    "v6.1.192, linux-6.1.txt",
    "v6.18.2,  linux-6.18.2.txt",
  })
  void extraRegionsCostWhatWasRecorded(String version, String file) {
    for (int n : new int[] {0, 10, 100}) {
      ResourceTree below = withRegions(version, file, 0x3c00_0000L + 16 * MIB, n);
      ResourceTree inside = withRegions(version, file, 0x4000_0000L, n);
      ResourceTree above = withRegions(version, file, 0x80_0000_0000L, n);

      assertThat(visits(below, 0xf800_0000L)).isEqualTo(24 + n);
      assertThat(visits(inside, 0xf800_0000L)).isEqualTo(24 + n);
      assertThat(visits(above, 0xf800_0000L)).isEqualTo(24);
      assertThat(visits(below, 0xfc00_0000L)).as("a BAR with a driver's claim").isEqualTo(26 + n);
      assertThat(visits(inside, 0xfc00_0000L)).isEqualTo(26 + n);
      for (ResourceTree tree : new ResourceTree[] {below, inside, above}) {
        assertThat(visits(tree, 0x1000_0000L)).as("RAM").isEqualTo(8);
      }
    }
  }

  private static ResourceTree withRegions(String version, String file, long first, int n) {
    ResourceTree tree = Trees.tree(version, file);
    for (int i = 0; i < n; i++) {
      assertThat(tree.requestMemRegion(first + i * 8192L, 4096, "extra")).isPositive();
    }
    tree.checkInvariants();
    return tree;
  }

  private static long visits(ResourceTree tree, long address) {
    long[] before = tree.kernel().meter.snapshot();
    tree.pageIsRam(address >> 12);
    assertThat(tree.kernel().meter.since(before, ResourceTree.FIND_NEXT)).isEqualTo(1);
    assertThat(tree.kernel().meter.since(before, ResourceTree.RESOURCE_LOCK)).isEqualTo(1);
    assertThat(tree.kernel().meter.since(before, ResourceTree.WALK_SYSTEM_RAM_RANGE)).isEqualTo(1);
    return tree.kernel().meter.since(before, ResourceTree.NODE_VISITED);
  }

  /**
   * The whole 64 MiB BAR, as io_mapping_init_wc asks for it, and its walk_mem_res, which stayed on
   * the first level in v5.11.
   */
  @ParameterizedTest
  @CsvSource({"v5.11, 12", "v6.1.192, 24", "v6.18.2, 24"})
  void aRangeCostsNoMoreThanItsFirstPage(String version, long claimed) {
    ResourceTree tree = Trees.tree(version, "linux-6.1.txt");
    Kernel kernel = tree.kernel();
    tree.walkSystemRamRange(0xf8000, 16384, (pfn, pages) -> 1);
    assertThat(kernel.meter.get(ResourceTree.NODE_VISITED)).isEqualTo(24);
    tree.walkMemRes(0xf800_0000L, 0xfbff_ffffL, (start, end, flags) -> 1);
    assertThat(kernel.meter.get(ResourceTree.NODE_VISITED)).isEqualTo(24 + claimed);
  }
}
