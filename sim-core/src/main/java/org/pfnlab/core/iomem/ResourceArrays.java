package org.pfnlab.core.iomem;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The tree's nodes in flat arrays, in pre-order; the invisible root is not among them.
 *
 * <pre>
 *   tree            i   start[i]  end[i]  depth[i]  next[i]
 *   a0-ff  A        0   a0        ff      0         3        next: the first index
 *     b0-bf  B      1   b0        bf      1         2        behind i's subtree
 *     c0-cf  C      2   c0        cf      1         3
 *   100-1ff D       3   100       1ff     0         4
 *
 *   first level alone, contiguous:  topStart, topEnd = A, D   topIndex = 0, 3
 * </pre>
 *
 * <p>Children lie inside their parents and siblings are sorted and disjoint, so start[] ascends
 * (parents first). Changes cost O(n); {@link #seal} must follow them before anything is read.
 */
final class ResourceArrays {
  int size;

  /** How many digits short addresses are padded to in print. */
  int digits = 8;

  long[] start;
  long[] end;
  int[] flags;
  int[] desc;
  int[] depth;
  int[] next;
  int[] handle;
  @Nullable String[] name;

  int tops;
  long[] topStart;
  long[] topEnd;
  int[] topIndex;

  ResourceArrays(int capacity) {
    start = new long[capacity];
    end = new long[capacity];
    flags = new int[capacity];
    desc = new int[capacity];
    depth = new int[capacity];
    next = new int[capacity];
    handle = new int[capacity];
    name = new @Nullable String[capacity];
    topStart = new long[0];
    topEnd = new long[0];
    topIndex = new int[0];
  }

  ResourceArrays(ResourceArrays other) {
    size = other.size;
    digits = other.digits;
    start = other.start.clone();
    end = other.end.clone();
    flags = other.flags.clone();
    desc = other.desc.clone();
    depth = other.depth.clone();
    next = other.next.clone();
    handle = other.handle.clone();
    name = other.name.clone();
    tops = other.tops;
    topStart = other.topStart.clone();
    topEnd = other.topEnd.clone();
    topIndex = other.topIndex.clone();
  }

  /** Puts a node at an index; nodes from there on move up. */
  void insert(int at, int itsDepth, int itsHandle, Node node) {
    if (size == start.length) {
      grow(2 * size);
    }
    int moved = size - at;
    System.arraycopy(start, at, start, at + 1, moved);
    System.arraycopy(end, at, end, at + 1, moved);
    System.arraycopy(flags, at, flags, at + 1, moved);
    System.arraycopy(desc, at, desc, at + 1, moved);
    System.arraycopy(depth, at, depth, at + 1, moved);
    System.arraycopy(handle, at, handle, at + 1, moved);
    System.arraycopy(name, at, name, at + 1, moved);
    start[at] = node.start();
    end[at] = node.end();
    flags[at] = node.flags();
    desc[at] = node.desc();
    name[at] = node.name();
    depth[at] = itsDepth;
    handle[at] = itsHandle;
    size++;
  }

  private void grow(int capacity) {
    start = Arrays.copyOf(start, capacity);
    end = Arrays.copyOf(end, capacity);
    flags = Arrays.copyOf(flags, capacity);
    desc = Arrays.copyOf(desc, capacity);
    depth = Arrays.copyOf(depth, capacity);
    next = Arrays.copyOf(next, capacity);
    handle = Arrays.copyOf(handle, capacity);
    name = Arrays.copyOf(name, capacity);
  }

  /** Takes out the nodes of an index range; later ones move down. */
  void remove(int from, int to) {
    int moved = size - to;
    System.arraycopy(start, to, start, from, moved);
    System.arraycopy(end, to, end, from, moved);
    System.arraycopy(flags, to, flags, from, moved);
    System.arraycopy(desc, to, desc, from, moved);
    System.arraycopy(depth, to, depth, from, moved);
    System.arraycopy(handle, to, handle, from, moved);
    System.arraycopy(name, to, name, from, moved);
    Arrays.fill(name, from + moved, size, null);
    size = from + moved;
  }

  /** Moves the nodes of an index range up or down the tree. */
  void shiftDepth(int from, int to, int levels) {
    for (int i = from; i < to; i++) {
      depth[i] += levels;
    }
  }

  /** Recomputes what follows from order and depth: {@link #next} and the first level. */
  void seal() {
    tops = 0;
    for (int i = size - 1; i >= 0; i--) {
      int j = i + 1;
      while (j < size && depth[j] > depth[i]) {
        j = next[j];
      }
      next[i] = j;
      if (depth[i] == 0) {
        tops++;
      }
    }
    if (topIndex.length < tops) {
      int capacity = 2 * tops;
      topStart = new long[capacity];
      topEnd = new long[capacity];
      topIndex = new int[capacity];
    }
    for (int i = 0, top = 0; i < size; i = next[i], top++) {
      topStart[top] = start[i];
      topEnd[top] = end[i];
      topIndex[top] = i;
    }
  }

  /** Where the node with this handle is, or -1. */
  int indexOf(int wanted) {
    for (int i = 0; i < size; i++) {
      if (handle[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  /**
   * A resource on its way into the tree.
   *
   * @param start first byte
   * @param end last byte
   * @param name what /proc/iomem calls it; null prints as {@code <BAD>}
   * @param flags {@link Iores} flags
   * @param desc an {@link Iores} description
   */
  record Node(long start, long end, @Nullable String name, int flags, int desc) {}
}
