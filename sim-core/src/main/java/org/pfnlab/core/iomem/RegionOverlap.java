package org.pfnlab.core.iomem;

/** What region_intersects answers about a range and a kind of memory (include/linux/mm.h). */
public enum RegionOverlap {
  /** REGION_INTERSECTS: some of the range is of the kind, and nothing of another kind is in it. */
  INTERSECTS,

  /** REGION_DISJOINT: nothing of the kind is in the range. */
  DISJOINT,

  /** REGION_MIXED: both. */
  MIXED
}
