package org.pfnlab.core.iomem;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.ResourceArrays.Node;

/**
 * Who lies in whom: from indentation where it tells, from the ranges at the deepest indentation,
 * where the kernel prints everything that lies deeper still. One pass with a stack, so a text as
 * deep as it is long costs O(n) too.
 */
final class IomemNesting {
  /** MAX_IORES_LEVEL until v6.19. */
  static final int LEVELS = 5;

  /** MAX_IORES_LEVEL since v7.0. */
  static final int LEVELS_SINCE_V7_0 = 8;

  private final IomemLines lines;

  /** The level at which indentation stops to tell. */
  private final int cap;

  /** The lines that the current one may lie in or beside, outermost first; one a level. */
  private int[] open = new int[16];

  private int opened;

  IomemNesting(IomemLines lines) {
    this.lines = lines;
    int deepest = 0;
    for (int i = 0; i < lines.count; i++) {
      deepest = Math.max(deepest, lines.level[i]);
    }
    cap = deepest > LEVELS ? LEVELS_SINCE_V7_0 : LEVELS;
  }

  ResourceArrays build() {
    ResourceArrays nodes = new ResourceArrays(Math.max(16, lines.count));
    if (!lines.addressesHidden()) {
      int[] depth = new int[lines.count];
      for (int i = 0; i < lines.count; i++) {
        depth[i] = place(i);
      }
      for (int i = 0; i < lines.count; i++) {
        boolean leaf = i + 1 == lines.count || depth[i + 1] <= depth[i];
        @Nullable String name = lines.name[i];
        int flags = ResourceNames.flags(name, lines.start[i], leaf);
        int desc = ResourceNames.desc(name);
        nodes.insert(i, depth[i], i + 1, new Node(lines.start[i], lines.end[i], name, flags, desc));
      }
      nodes.digits = lines.digits;
      nodes.seal();
    }
    return nodes;
  }

  /** Finds the depth of a line, and checks it against parent and elder sibling. */
  private int place(int i) {
    int level = lines.level[i];
    if (level > Math.min(opened, cap)) {
      throw error(
          i,
          opened == 0 ? "no indentation on the first line" : "at most " + 2 * opened + " spaces",
          2 * level + " spaces",
          "is the line above missing?");
    }
    int depth = level;
    if (level == cap) {
      while (opened - 1 > depth && lines.end[open[opened - 1]] < lines.start[i]) {
        opened--;
      }
      depth = Math.max(depth, opened - 1);
      if (opened > depth && contains(open[depth], i)) {
        depth++;
      }
    }
    if (depth > 0) {
      requireInside(open[depth - 1], i);
    }
    if (opened > depth) {
      requireBehind(open[depth], i);
    }
    if (depth == open.length) {
      open = Arrays.copyOf(open, 2 * depth);
    }
    open[depth] = i;
    opened = depth + 1;
    return depth;
  }

  private boolean contains(int outer, int inner) {
    return lines.start[outer] <= lines.start[inner] && lines.end[inner] <= lines.end[outer];
  }

  private void requireInside(int parent, int i) {
    if (!contains(parent, i)) {
      throw error(
          i,
          "a range inside " + range(parent) + ", under which it is indented",
          range(i),
          "is the indentation wrong?");
    }
  }

  private void requireBehind(int sibling, int i) {
    if (lines.start[i] <= lines.end[sibling]) {
      throw error(
          i,
          "a range above " + range(sibling) + ", beside which it stands",
          range(i),
          lines.end[i] < lines.start[sibling] ? "sort them by address" : "the two overlap");
    }
  }

  private String range(int i) {
    return Long.toHexString(lines.start[i]) + "-" + Long.toHexString(lines.end[i]);
  }

  private IomemFormatException error(int i, String expected, String got, String advice) {
    return new IomemFormatException(i + 1, lines.column(i), expected, got, advice);
  }
}
