package org.pfnlab.core.vma;

import org.pfnlab.core.mm.Vma;

/**
 * vma_modify: the first half of every call that changes flags of a range. It merges the range with
 * alike neighbours, or splits it off, and answers the VMA that covers exactly what must change.
 */
public final class VmaModify {
  private final VmaMerge merge;
  private final VmaSplit split;
  private long errno;

  /** Merges and splits through these. */
  public VmaModify(VmaMerge merge, VmaSplit split) {
    this.merge = merge;
    this.split = split;
  }

  /**
   * Prepares [start, end), which lies inside the VMA, for these flags. The caller sets them.
   *
   * @return the VMA to change, or null; then {@link #errno} says why
   */
  public @org.jspecify.annotations.Nullable Vma modify(
      Vma vma, long start, long end, long newFlags) {
    Vma merged = merge.existing(vma, start, end, newFlags);
    if (merged != null) {
      return merged;
    }
    if (vma.start < start) {
      errno = split.split(vma, start, true);
      if (errno != 0) {
        return null;
      }
    }
    if (vma.end > end) {
      errno = split.split(vma, end, false);
      if (errno != 0) {
        return null;
      }
    }
    return vma;
  }

  /** The -errno of the last {@link #modify} that answered null. */
  public long errno() {
    return errno;
  }
}
