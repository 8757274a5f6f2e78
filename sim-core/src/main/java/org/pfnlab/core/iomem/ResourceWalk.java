package org.pfnlab.core.iomem;

import org.pfnlab.core.kernel.Kernel;

/**
 * How find_next_iomem_res moves over the tree: which resources it compares before it finds one or
 * gives up. All three stop at the first resource that starts above the range and compare each
 * resource's flags only once it reaches into the range.
 */
public enum ResourceWalk {
  /** Only the first level (until v5.0). */
  FIRST_LEVEL,

  /**
   * Along the first level until a resource ends at or above the range's start; from there on every
   * resource in pre-order, children of unrelated bridges included (v5.3 to v5.12, v6.19 and
   * backports).
   */
  SIBLINGS_THEN_PREORDER,

  /** Every resource in pre-order from the first (v5.1, v5.2, v5.13 to v6.18). */
  PREORDER;

  /** The walk of this kernel. */
  public static ResourceWalk of(Kernel kernel) {
    if (kernel.has(IomemFeatures.IOMEM_SIBLINGS_ONLY)
        || kernel.has(IomemFeatures.IOMEM_SKIP_CHILDREN)) {
      return SIBLINGS_THEN_PREORDER;
    }
    return kernel.has(IomemFeatures.IOMEM_WALK_DESCENDS) ? PREORDER : FIRST_LEVEL;
  }
}
