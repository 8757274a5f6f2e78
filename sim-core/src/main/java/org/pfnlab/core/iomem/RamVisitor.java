package org.pfnlab.core.iomem;

/** The callback of walk_system_ram_range. */
@FunctionalInterface
public interface RamVisitor {
  /**
   * Called for each piece of System RAM in the range, lowest first, whole pages only.
   *
   * @param pfn first page frame of the piece
   * @param pages number of pages, at least 1
   * @return 0 to go on; anything else ends the walk and becomes its result
   */
  long visit(long pfn, long pages);
}
