package org.pfnlab.core.iomem;

/** The callback of walk_mem_res. */
@FunctionalInterface
public interface ResourceVisitor {
  /**
   * Called for each matching resource, lowest first, cut to the range.
   *
   * @param start first byte
   * @param end last byte
   * @param flags the resource's flags ({@link Iores})
   * @return 0 to go on; anything else ends the walk and becomes its result
   */
  long visit(long start, long end, int flags);
}
