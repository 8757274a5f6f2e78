package org.pfnlab.lab.memtype;

import org.pfnlab.core.pat.CacheMode;

/**
 * One line of pat_memtype_list.
 *
 * @param line where it stands, counted from 1
 * @param start first byte
 * @param end first byte behind
 * @param type its cache mode
 */
public record Reservation(int line, long start, long end, CacheMode type) {
  /** Whether the two have a byte in common. */
  public boolean overlaps(long from, long to) {
    return start < to && end > from;
  }
}
