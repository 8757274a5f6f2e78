package org.pfnlab.core.pat;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pfnlab.core.iomem.IomemText;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/** A PAT that asks struct pages gives the answers that walks give, and walks nowhere. */
final class StructPageLookupTest {
  private static final long BAR = 0x8000_0000L;
  private static final String TREE =
      """
      00001000-0009ffff : System RAM
      000a0000-000fffff : Reserved
      00100000-3fffffff : System RAM
      80000000-8fffffff : PCI Bus 0000:00
      """;

  /** All RAM is WC. */
  private static final RamPageTypes PAGES =
      new RamPageTypes() {
        @Override
        public int type(long pfn) {
          return 1;
        }

        @Override
        public boolean isRam(long pfn) {
          return pfn >= 0x100 && pfn < 0x40000;
        }

        @Override
        public void set(long pfn, int type) {
          throw new AssertionError("a lookup writes no page flags");
        }
      };

  @Test
  void sameAnswers() {
    KernelProfile walking = KernelProfile.of("v6.18.2");
    Kernel asking = new Kernel(walking.with(Memtypes.PAT_ASKS_STRUCT_PAGE));
    Memtypes without = memtypes(new Kernel(walking));
    Memtypes with = memtypes(asking);
    without.reserve(BAR, BAR + 0x10000, CacheMode.WC, false);
    with.reserve(BAR, BAR + 0x10000, CacheMode.WC, false);
    long before = asking.meter.get(ResourceTree.WALK_SYSTEM_RAM_RANGE);
    for (long address : new long[] {0xa_0000, 0x10_0000, 0x3fff_f000, 0x5000_0000, BAR, BAR * 2}) {
      assertThat(with.lookup(address)).isEqualTo(without.lookup(address));
    }
    assertThat(asking.meter.get(ResourceTree.WALK_SYSTEM_RAM_RANGE)).isEqualTo(before);
    assertThat(asking.meter.get(RamMemtypes.STRUCT_PAGE_ASKED)).isEqualTo(5);
  }

  private static Memtypes memtypes(Kernel kernel) {
    ResourceTree tree = IomemText.parse(kernel, TREE);
    return new Memtypes(kernel, tree, Mtrr.parse(""), PAGES, 0x3fff_ffffL);
  }
}
