package org.pfnlab.core.phys;

/** The zones of x86-64 (enum zone_type), lowest first; an allocation falls back to lower ones. */
public enum Zone {
  /** Below 16 MiB. */
  DMA(0, 0, 1L << 12),
  /** Below 4 GiB. */
  DMA32(1, 1L << 12, 1L << 20),
  /** Everything above. */
  NORMAL(2, 1L << 20, Long.MAX_VALUE);

  private final int index;
  private final long firstPfn;
  private final long endPfn;

  Zone(int index, long firstPfn, long endPfn) {
    this.index = index;
    this.firstPfn = firstPfn;
    this.endPfn = endPfn;
  }

  /** The kernel's zone index, lowest zone first. */
  int index() {
    return index;
  }

  /** The first pfn that may belong to the zone. */
  public long firstPfn() {
    return firstPfn;
  }

  /** The first pfn above the zone. */
  public long endPfn() {
    return endPfn;
  }

  /** The zone of a pfn. */
  public static Zone of(long pfn) {
    return pfn >= NORMAL.firstPfn ? NORMAL : pfn >= DMA32.firstPfn ? DMA32 : DMA;
  }
}
