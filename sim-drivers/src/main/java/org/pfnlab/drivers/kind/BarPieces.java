package org.pfnlab.drivers.kind;

/**
 * Pages of a BAR for one object after the other, so that a cache mode that one object leaks cannot
 * meet the next one. At the end of the BAR it begins anew.
 */
public final class BarPieces {
  private static final long HUGE = 512;
  private static final long STEP = 8;

  private final long pages;
  private long next;

  /** Pieces of a BAR of this many pages. */
  public BarPieces(long pages) {
    this.pages = pages;
  }

  /** The first page of a piece of this many pages; large ones begin at multiples of 2 MiB. */
  public long take(long count) {
    long step = count >= HUGE ? HUGE : STEP;
    long first = (next + step - 1) / step * step;
    if (first + count > pages) {
      first = 0;
    }
    next = first + count;
    return first;
  }
}
