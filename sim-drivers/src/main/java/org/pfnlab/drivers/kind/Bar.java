package org.pfnlab.drivers.kind;

import org.pfnlab.core.phys.Frames;

/**
 * A range of device memory: a PCI BAR, or the aperture of a GPU.
 *
 * @param base first byte's physical address, a multiple of the page size
 * @param size bytes, a multiple of the page size
 */
public record Bar(long base, long size) {
  /** BAR 2 of the test device, where the recorded machines have it: 64 MiB, prefetchable. */
  public static final Bar RECORDED = new Bar(0xf800_0000L, 64L << 20);

  private static final long GIB = 1L << 30;

  /** Checks that the range consists of whole pages. */
  public Bar {
    if (((base | size) & 0xfff) != 0 || size <= 0 || base < 0) {
      throw new IllegalArgumentException(
          "a BAR consists of whole pages, not of 0x%x bytes at 0x%x".formatted(size, base));
    }
  }

  /**
   * The place that a device prefers, or the first multiple of 1 GiB above all RAM if RAM lies
   * there: firmware puts large BARs there too. Devices of one machine that had to move may then
   * share it.
   */
  public static Bar prefer(Frames frames, long base, long size) {
    Bar preferred = new Bar(base, size);
    for (long page = 0; page < preferred.pages(); page++) {
      if (frames.isRam(preferred.pfn(page))) {
        long end = frames.maxPfn() << 12;
        return new Bar((end + GIB - 1) / GIB * GIB, size);
      }
    }
    return preferred;
  }

  /** Length in pages. */
  public long pages() {
    return size >>> 12;
  }

  /** The page frame number of its page. */
  public long pfn(long page) {
    return (base >>> 12) + page;
  }

  /** Whether the page frame belongs to it. */
  public boolean contains(long pfn) {
    return pfn >= pfn(0) && pfn < pfn(pages());
  }
}
