package org.pfnlab.core.mm;

import java.util.Arrays;

/**
 * For every leaf of a {@link VmaTree} a length in bytes that no hole in front of one of its VMAs
 * exceeds, and the largest of each 32 leaves: what the kernel's trees keep as the gaps of their
 * nodes. A bound may be too high after holes were filled; who finds nothing lowers it.
 */
final class LeafGaps {
  private static final int GROUP_SHIFT = 5;
  private static final int GROUP = 1 << GROUP_SHIFT;

  private long[] bounds = new long[1];
  private long[] groups = new long[1];
  private boolean stale = true;

  /** A new leaf, without holes yet, comes to this place among so many. */
  void insert(int leaf, int leaves) {
    if (leaves == bounds.length) {
      bounds = Arrays.copyOf(bounds, 2 * leaves);
    }
    System.arraycopy(bounds, leaf, bounds, leaf + 1, leaves - leaf);
    bounds[leaf] = 0;
    stale = true;
  }

  /** The leaf at this place among so many goes. */
  void remove(int leaf, int leaves) {
    System.arraycopy(bounds, leaf + 1, bounds, leaf, leaves - leaf - 1);
    stale = true;
  }

  void raise(int leaf, long gap) {
    if (gap > bounds[leaf]) {
      bounds[leaf] = gap;
      if (!stale) {
        groups[leaf >>> GROUP_SHIFT] = Math.max(groups[leaf >>> GROUP_SHIFT], gap);
      }
    }
  }

  void set(int leaf, long gap, int leaves) {
    bounds[leaf] = gap;
    if (!stale) {
      sumUp(leaf >>> GROUP_SHIFT, leaves);
    }
  }

  long bound(int leaf) {
    return bounds[leaf];
  }

  /** The last leaf at or before this one that may have a hole of this length, or -1. */
  int lastWith(long length, int from, int leaves) {
    if (stale) {
      groups = new long[(leaves >>> GROUP_SHIFT) + 1];
      for (int group = 0; group < groups.length; group++) {
        sumUp(group, leaves);
      }
      stale = false;
    }
    int leaf = from;
    while (leaf >= 0) {
      if (groups[leaf >>> GROUP_SHIFT] < length) {
        leaf = (leaf & -GROUP) - 1;
      } else if (bounds[leaf] < length) {
        leaf--;
      } else {
        return leaf;
      }
    }
    return -1;
  }

  void clear() {
    Arrays.fill(bounds, 0);
    stale = true;
  }

  private void sumUp(int group, int leaves) {
    long most = 0;
    for (int i = group << GROUP_SHIFT; i < Math.min((group + 1) << GROUP_SHIFT, leaves); i++) {
      most = Math.max(most, bounds[i]);
    }
    groups[group] = most;
  }
}
