package org.pfnlab.core.phys;

/**
 * Single free pages kept in front of the buddy allocator (struct per_cpu_pages, of one CPU and one
 * zone): the page freed last is the next to go out, and only when too many have gathered do the
 * coldest go back to their buddies.
 *
 * <p>The sizes are the classic ones of a small zone; real ones depend on the zone and the era.
 * Empty lists are refilled page by page, not by the batch.
 */
final class PerCpuPages {
  /** How many pages gather before the coldest are given back. */
  static final int HIGH = 186;

  /** How many go back at once. */
  static final int BATCH = 31;

  private final long[] ring = new long[256];
  private int coldest;
  private int count;

  int count() {
    return count;
  }

  void push(long pfn) {
    ring[(coldest + count++) & 255] = pfn;
  }

  long popHottest() {
    return ring[(coldest + --count) & 255];
  }

  long popColdest() {
    long pfn = ring[coldest];
    coldest = (coldest + 1) & 255;
    count--;
    return pfn;
  }

  void reset() {
    coldest = 0;
    count = 0;
  }

  void assign(PerCpuPages other) {
    coldest = 0;
    count = other.count;
    for (int i = 0; i < count; i++) {
      ring[i] = other.ring[(other.coldest + i) & 255];
    }
  }
}
