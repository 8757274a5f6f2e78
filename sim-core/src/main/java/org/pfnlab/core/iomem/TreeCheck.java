package org.pfnlab.core.iomem;

/** Recounts a tree's shape from the ranges and depths alone, with nothing taken from a walk. */
final class TreeCheck {
  private TreeCheck() {}

  static void check(ResourceArrays nodes) {
    int[] open = new int[nodes.size];
    int depth = 0;
    int tops = 0;
    for (int i = 0; i < nodes.size; i++) {
      require(
          nodes.start[i] >= 0 && nodes.start[i] <= nodes.end[i], nodes, i, "ends before it starts");
      require(nodes.depth[i] >= 0 && nodes.depth[i] <= depth, nodes, i, "skips a level");
      for (; depth > nodes.depth[i]; depth--) {
        int closed = open[depth - 1];
        require(nodes.next[closed] == i, nodes, closed, "does not end where its subtree ends");
        if (depth - 1 == nodes.depth[i]) {
          require(nodes.end[closed] < nodes.start[i], nodes, i, "overlaps or precedes its sibling");
        }
      }
      if (depth > 0) {
        int parent = open[depth - 1];
        require(
            nodes.start[parent] <= nodes.start[i] && nodes.end[i] <= nodes.end[parent],
            nodes,
            i,
            "lies outside its parent");
      } else {
        require(
            tops < nodes.tops
                && nodes.topIndex[tops] == i
                && nodes.topStart[tops] == nodes.start[i]
                && nodes.topEnd[tops] == nodes.end[i],
            nodes,
            i,
            "is not where the first level has it");
        tops++;
      }
      open[depth++] = i;
    }
    for (; depth > 0; depth--) {
      int closed = open[depth - 1];
      require(nodes.next[closed] == nodes.size, nodes, closed, "does not reach the end");
    }
    if (tops != nodes.tops) {
      throw new IllegalStateException(
          "the first level has " + tops + " resources, but " + nodes.tops + " are kept");
    }
  }

  private static void require(boolean holds, ResourceArrays nodes, int i, String wrong) {
    if (!holds) {
      throw new IllegalStateException(
          ("resource " + i + ", " + Long.toHexString(nodes.start[i]))
              + ("-" + Long.toHexString(nodes.end[i]) + " at depth " + nodes.depth[i])
              + (", " + wrong));
    }
  }
}
