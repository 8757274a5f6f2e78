package org.pfnlab.core.vma;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
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
  public @Nullable Vma modify(Vma vma, long start, long end, long newFlags) {
    // A merge moves a neighbour's border to where a split would make a new one.
    split.splitHugeAcross(vma, start);
    split.splitHugeAcross(vma, end);
    Vma merged = merge.existing(vma, start, end, newFlags);
    if (merged != null) {
      return merged;
    }
    errno = vma.start < start ? splitUnlessFull(vma, start, true) : 0;
    if (errno == 0 && vma.end > end) {
      errno = splitUnlessFull(vma, end, false);
    }
    return errno == 0 ? vma : null;
  }

  /** split_vma: unlike munmap, who flags a part may not exceed the map limit even for a moment. */
  private long splitUnlessFull(Vma vma, long address, boolean newBelow) {
    return vma.mm.vmas.size() >= vma.mm.maxMapCount
        ? -Errno.ENOMEM
        : split.split(vma, address, newBelow);
  }

  /** The -errno of the last {@link #modify} that answered null. */
  public long errno() {
    return errno;
  }
}
