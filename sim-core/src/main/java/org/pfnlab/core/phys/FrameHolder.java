package org.pfnlab.core.phys;

import it.unimi.dsi.fastutil.longs.Long2IntMap;

/**
 * Somebody who holds page references that no page-table entry shows: a page cache, a pipe, a pinned
 * buffer, a driver. Only the check of invariants asks.
 */
@FunctionalInterface
public interface FrameHolder {
  /**
   * Adds the references held, by page frame number.
   *
   * @param references to be added to; a missing frame counts 0
   */
  void addReferences(Long2IntMap references);
}
