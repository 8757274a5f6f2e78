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

  NodeSearch(ResourceArrays nodes) {
    this.nodes = nodes;
  }

  /** The index of the first match in [start, end], or -1. */
  int find(ResourceWalk how, long start, long end, int flags, int desc) {
    return switch (how) {
      case FIRST_LEVEL -> onFirstLevel(start, end, flags, desc);
      case SIBLINGS_THEN_PREORDER -> siblingsThenPreorder(start, end, flags, desc);
      case PREORDER -> preorder(firstReaching(nodes.end, 0, start), 0, start, end, flags, desc);
    };
  }

  private int siblingsThenPreorder(long start, long end, int flags, int desc) {
    int top = firstReaching(nodes.topEnd, 0, start);
    if (top == nodes.tops) {
      visited = top;
      return -1;
    }
    int first = nodes.topIndex[top];
    return preorder(first, first - top, start, end, flags, desc);
  }

  /**
   * From a resource that reaches the range to the end of the search.
   *
   * @param skipped how many resources before it were not compared
   */
  private int preorder(int first, int skipped, long start, long end, int flags, int desc) {
    int i = first;
    while (i < nodes.size && nodes.start[i] <= end) {
      if (Iores.matches(nodes.flags[i], nodes.desc[i], flags, desc)) {
        visited = i + 1 - skipped;
        return i;
      }
      i = firstReaching(nodes.end, i + 1, start);
    }
    visited = Math.min(i + 1, nodes.size) - skipped;
    return -1;
  }

  private int onFirstLevel(long start, long end, int flags, int desc) {
    int top = firstReaching(nodes.topEnd, 0, start);
    while (top < nodes.tops && nodes.topStart[top] <= end) {
      int i = nodes.topIndex[top];
      if (Iores.matches(nodes.flags[i], nodes.desc[i], flags, desc)) {
        visited = top + 1;
        return i;
      }
      top = firstReaching(nodes.topEnd, top + 1, start);
    }
    visited = Math.min(top + 1, nodes.tops);
    return -1;
  }

  /**
   * The first index at or after {@code from} whose end is not below the address. The guard behind
   * the last node stops it, so one comparison a node is all there is.
   */
  private static int firstReaching(long[] ends, int from, long address) {
    for (int i = from; ; i += ResourceArrays.GUARD) {
      if (ends[i] >= address) {
        return i;
      }
      if (ends[i + 1] >= address) {
        return i + 1;
      }
      if (ends[i + 2] >= address) {
        return i + 2;
      }
      if (ends[i + 3] >= address) {
        return i + 3;
      }
    }
  }
}
