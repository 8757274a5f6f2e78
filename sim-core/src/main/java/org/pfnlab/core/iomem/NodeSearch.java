package org.pfnlab.core.iomem;

/**
 * The loop of find_next_iomem_res. A resource that ends below the range costs one comparison and
 * nothing else; the first one that does not is looked at in full. What was compared follows from
 * where the loop began and ended, so nothing is counted on the way.
 */
final class NodeSearch {
  private final ResourceArrays nodes;

  /** How many resources the last search compared, the one that ended it included. */
  int visited;

  private final boolean cachesTop;
  private int cachedTop;

  /**
   * Searches these nodes.
   *
   * @param cachesTop whether a walk begins where the one before it left the first level
   */
  NodeSearch(ResourceArrays nodes, boolean cachesTop) {
    this.nodes = nodes;
    this.cachesTop = cachesTop;
  }

  /** The next walk begins at the first resource. */
  void forget() {
    cachedTop = 0;
  }

  /** The index of the first match in [start, end], or -1. */
  int find(ResourceWalk how, long start, long end, int flags, int desc) {
    if (how == ResourceWalk.SIBLINGS_THEN_PREORDER) {
      return siblingsThenPreorder(start, end, flags, desc);
    }
    if (how == ResourceWalk.PREORDER) {
      return preorder(firstReaching(nodes.end, 0, nodes.size, start), 0, start, end, flags, desc);
    }
    return onFirstLevel(start, end, flags, desc);
  }

  private int siblingsThenPreorder(long start, long end, int flags, int desc) {
    int from = fromTop(start);
    int top = firstReaching(nodes.topEnd, from, nodes.tops, start);
    if (top == nodes.tops) {
      visited = top - from;
      return -1;
    }
    if (cachesTop) {
      cachedTop = top;
    }
    int first = nodes.topIndex[top];
    return preorder(first, first - top + from, start, end, flags, desc);
  }

  /**
   * Siblings are sorted and disjoint, so all before one that begins below the range end below it.
   */
  private int fromTop(long start) {
    int top = cachedTop;
    return cachesTop && top < nodes.tops && nodes.topStart[top] <= start ? top : 0;
  }

  /**
   * From a resource that reaches the range to the end of the search.
   *
   * @param skipped how many resources before it were not compared
   */
  private int preorder(int first, int skipped, long start, long end, int flags, int desc) {
    int size = nodes.size;
    int i = first;
    while (i < size && nodes.start[i] <= end) {
      if (Iores.matches(nodes.flags[i], nodes.desc[i], flags, desc)) {
        visited = i + 1 - skipped;
        return i;
      }
      i++;
      // Most searches end here; the loop is for those that do not.
      if (i < size && nodes.start[i] <= end) {
        i = firstReaching(nodes.end, i, size, start);
      }
    }
    visited = Math.min(i + 1, size) - skipped;
    return -1;
  }

  private int onFirstLevel(long start, long end, int flags, int desc) {
    int tops = nodes.tops;
    int top = firstReaching(nodes.topEnd, 0, tops, start);
    while (top < tops && nodes.topStart[top] <= end) {
      int i = nodes.topIndex[top];
      if (Iores.matches(nodes.flags[i], nodes.desc[i], flags, desc)) {
        visited = top + 1;
        return i;
      }
      top = firstReaching(nodes.topEnd, top + 1, tops, start);
    }
    visited = Math.min(top + 1, tops);
    return -1;
  }

  /** The first index at or after {@code from} whose end is not below the address, or size. */
  private static int firstReaching(long[] ends, int from, int size, long address) {
    for (int i = from; i < size; i++) {
      if (ends[i] >= address) {
        return i;
      }
    }
    return size;
  }
}
