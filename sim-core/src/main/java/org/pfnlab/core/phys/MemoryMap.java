package org.pfnlab.core.phys;

import java.util.Arrays;

/**
 * Which pfns are RAM and which have a struct page (the memory map of SPARSEMEM_VMEMMAP).
 *
 * <p>RAM comes in ranges; the memory map comes in sections of 128 MiB. Sections that hold RAM at
 * boot are early sections, and pfn_valid is true for all of an early section, so that a BAR or a
 * firmware hole beside RAM has struct pages too (reserved ones). Hot-added memory with its
 * subsections of 2 MiB is left out.
 */
final class MemoryMap {
  static final int SECTION_SHIFT = 15;

  /** The kernel never gives out the first MiB (always so since v5.13, mostly so before). */
  static final long LOW_PFNS = 256;

  /** Pairs of first and end pfn, ascending, merged where they touch. */
  private final long[] ram;

  private final long[] sections;
  private final long imageStart;
  private final long imageEnd;

  /**
   * Reads RAM ranges.
   *
   * @param bytes pairs of start and end byte addresses, end exclusive; partial pages do not count
   */
  MemoryMap(long[] bytes) {
    this(bytes, 0, 0);
  }

  /**
   * Reads RAM ranges.
   *
   * @param bytes pairs of start and end byte addresses, end exclusive; partial pages do not count
   * @param imageStart first page frame of the kernel's image, which is never given out
   * @param imageEnd the page frame behind it
   */
  MemoryMap(long[] bytes, long imageStart, long imageEnd) {
    this.imageStart = imageStart;
    this.imageEnd = imageEnd;
    if (bytes.length % 2 != 0) {
      throw new IllegalArgumentException("RAM ranges come in pairs of start and end");
    }
    long[] pfns = new long[bytes.length];
    long[] whole = new long[bytes.length];
    for (int i = 0; i < bytes.length; i += 2) {
      pfns[i] = (bytes[i] + 4095) >>> 12;
      pfns[i + 1] = bytes[i + 1] >>> 12;
      if (bytes[i] < 0 || bytes[i + 1] < bytes[i] || pfns[i + 1] > 1L << 40) {
        throw new IllegalArgumentException(
            "RAM range 0x"
                + Long.toHexString(bytes[i])
                + "-0x"
                + Long.toHexString(bytes[i + 1])
                + " must ascend and end below 2^52");
      }
    }
    ram = merge(pfns);
    for (int i = 0; i < ram.length; i += 2) {
      whole[i] = ram[i] >>> SECTION_SHIFT << SECTION_SHIFT;
      whole[i + 1] = (((ram[i + 1] - 1) >>> SECTION_SHIFT) + 1) << SECTION_SHIFT;
    }
    sections = merge(Arrays.copyOf(whole, ram.length));
  }

  private static long[] merge(long[] pairs) {
    Integer[] order = new Integer[pairs.length / 2];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Long.compare(pairs[2 * a], pairs[2 * b]));
    long[] merged = new long[pairs.length];
    int n = 0;
    for (int i : order) {
      long start = pairs[2 * i];
      long end = pairs[2 * i + 1];
      if (start >= end) {
        continue;
      }
      if (n > 0 && start <= merged[n - 1]) {
        merged[n - 1] = Math.max(merged[n - 1], end);
      } else {
        merged[n++] = start;
        merged[n++] = end;
      }
    }
    return Arrays.copyOf(merged, n);
  }

  /** pfn_valid. */
  boolean hasPage(long pfn) {
    return in(sections, pfn);
  }

  boolean isRam(long pfn) {
    return in(ram, pfn);
  }

  /** Whether all of [first, behind) lies in one range of RAM. */
  boolean isRam(long first, long behind) {
    for (int i = 0; i < ram.length; i += 2) {
      if (first < ram[i + 1]) {
        return first >= ram[i] && behind <= ram[i + 1];
      }
    }
    return false;
  }

  /** RAM that the allocator gives out. */
  boolean isManaged(long pfn) {
    return pfn >= LOW_PFNS && (pfn < imageStart || pfn >= imageEnd) && in(ram, pfn);
  }

  /** Whether the allocator gives out every page frame of [first, behind). */
  boolean isManaged(long first, long behind) {
    boolean meetsImage = first < imageEnd && behind > imageStart;
    if (first < LOW_PFNS || meetsImage) {
      return false;
    }
    for (int i = 0; i < ram.length; i += 2) {
      if (first < ram[i + 1]) {
        return first >= ram[i] && behind <= ram[i + 1];
      }
    }
    return false;
  }

  private static boolean in(long[] pairs, long pfn) {
    for (int i = 0; i < pairs.length; i += 2) {
      if (pfn < pairs[i + 1]) {
        return pfn >= pairs[i];
      }
    }
    return false;
  }

  /** First page frame of the kernel's image. */
  long imageStart() {
    return imageStart;
  }

  /** The page frame behind the kernel's image. */
  long imageEnd() {
    return imageEnd;
  }

  int ranges() {
    return ram.length / 2;
  }

  long firstPfn(int range) {
    return ram[2 * range];
  }

  long endPfn(int range) {
    return ram[2 * range + 1];
  }

  /** max_pfn: the end of the highest RAM range, 0 without RAM. */
  long maxPfn() {
    return ram.length == 0 ? 0 : ram[ram.length - 1];
  }
}
