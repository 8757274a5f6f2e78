package org.pfnlab.drivers.drm;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * drm_mm: a range of page numbers handed out in pieces, always from the lowest hole that fits. It
 * keeps fake offsets, video memory and GPU apertures.
 *
 * <p>Left out: alignment, colouring, the other search modes, scanning for evictions.
 */
public final class DrmMm {
  private final long first;
  private final long end;
  private final TreeMap<Long, Long> taken = new TreeMap<>();

  /**
   * An empty range.
   *
   * @param first first page number
   * @param pages how many
   */
  public DrmMm(long first, long pages) {
    this.first = first;
    this.end = first + pages;
  }

  /** drm_mm_insert_node: the first page of a hole that is taken now, or -1 for ENOSPC. */
  public long insert(long pages) {
    if (pages <= 0) {
      throw new IllegalArgumentException("a node has at least one page, not " + pages);
    }
    long start = first;
    for (Map.Entry<Long, Long> node : taken.entrySet()) {
      if (node.getKey() - start >= pages) {
        break;
      }
      start = node.getKey() + node.getValue();
    }
    if (end - start < pages) {
      return -1;
    }
    taken.put(start, pages);
    return start;
  }

  /** drm_mm_remove_node. */
  public void remove(long start) {
    @Nullable Long pages = taken.remove(start);
    if (pages == null) {
      throw new IllegalStateException("no node starts at page " + start);
    }
  }

  /** How many pages there are in all. */
  public long size() {
    return end - first;
  }
}
