package org.pfnlab.core.iomem;

import java.util.Arrays;

/**
 * System RAM as sorted page ranges, so that a test for RAM takes a binary search instead of a walk
 * ({@link IomemFeatures#IOMEM_RAM_INDEX}). In no release; what it answers is what
 * walk_system_ram_range does.
 */
final class RamIndex {
  private long[] first = new long[0];
  private long[] behind = new long[0];
  private int size;

  /** How many ranges the last test compared. */
  int steps;

  /** Reads the tree anew. */
  void build(ResourceArrays nodes) {
    first = new long[nodes.size];
    behind = new long[nodes.size];
    size = 0;
    for (int i = 0; i < nodes.size; ) {
      if (!Iores.matches(nodes.flags[i], nodes.desc[i], Iores.SYSTEM_RAM | Iores.BUSY, 0)) {
        i++;
        continue;
      }
      long from = (nodes.start[i] + 4095) >>> 12;
      long to = (nodes.end[i] + 1) >>> 12;
      if (from < to) {
        first[size] = from;
        behind[size++] = to;
      }
      i = nodes.next[i];
    }
    first = Arrays.copyOf(first, size);
    behind = Arrays.copyOf(behind, size);
  }

  /** Whether a page frame is wholly System RAM. */
  boolean contains(long pfn) {
    int low = 0;
    int high = size;
    steps = 0;
    while (low < high) {
      int middle = (low + high) >>> 1;
      steps++;
      if (behind[middle] <= pfn) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < size && first[low] <= pfn;
  }
}
