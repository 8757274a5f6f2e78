package org.pfnlab.core.pat;

import java.util.Arrays;

/**
 * The interval tree of memtype_interval.c: ranges with a type, overlaps and duplicates allowed, in
 * the order of their starts and, among equal starts, of their coming. "First" always means first in
 * this order, as in the kernel's tree, where equal starts go to the right.
 *
 * <p>A treap in flat arrays, each node knowing the highest end of its subtree. The kernel's tree is
 * red-black; order and search results do not depend on how it balances. Node 0 is no node.
 */
final class MemtypeTree {
  static final int NIL = 0;

  private int[] left = new int[16];
  private int[] right = new int[16];
  private int[] parent = new int[16];
  private int[] priority = new int[16];
  private long[] start = new long[16];
  private long[] end = new long[16];
  private long[] highestEnd = new long[16];
  private CacheMode[] type = new CacheMode[16];
  private int root;
  private int size;
  private int used;
  private int free;
  private int arrivals;

  MemtypeTree() {
    Arrays.fill(type, CacheMode.WB);
    highestEnd[NIL] = Long.MIN_VALUE;
  }

  int size() {
    return size;
  }

  long start(int node) {
    return start[node];
  }

  long end(int node) {
    return end[node];
  }

  CacheMode type(int node) {
    return type[node];
  }

  /** Forgets all nodes; O(1). */
  void clear() {
    root = NIL;
    size = 0;
    used = 0;
    free = NIL;
    arrivals = 0;
  }

  void insert(long from, long to, CacheMode itsType) {
    int node = newNode();
    start[node] = from;
    end[node] = to;
    highestEnd[node] = to;
    type[node] = itsType;
    priority[node] = scatter(++arrivals);
    size++;
    int above = NIL;
    boolean goesLeft = false;
    for (int at = root; at != NIL; at = goesLeft ? left[at] : right[at]) {
      highestEnd[at] = Math.max(highestEnd[at], to);
      above = at;
      goesLeft = from < start[at];
    }
    parent[node] = above;
    setChild(above, node, goesLeft);
    while (parent[node] != NIL && priority[node] > priority[parent[node]]) {
      rotateUp(node);
    }
  }

  /** Balances as random numbers would, and is the same in every run. */
  private static int scatter(int n) {
    int mixed = (n ^ n >>> 16) * 0x85ebca6b;
    mixed = (mixed ^ mixed >>> 13) * 0xc2b2ae35;
    return mixed ^ mixed >>> 16;
  }

  private int newNode() {
    int node = free;
    if (node != NIL) {
      free = right[node];
    } else {
      node = ++used;
      if (node == left.length) {
        grow(2 * node);
      }
    }
    left[node] = NIL;
    right[node] = NIL;
    return node;
  }

  private void grow(int capacity) {
    left = Arrays.copyOf(left, capacity);
    right = Arrays.copyOf(right, capacity);
    parent = Arrays.copyOf(parent, capacity);
    priority = Arrays.copyOf(priority, capacity);
    start = Arrays.copyOf(start, capacity);
    end = Arrays.copyOf(end, capacity);
    highestEnd = Arrays.copyOf(highestEnd, capacity);
    int before = type.length;
    type = Arrays.copyOf(type, capacity);
    Arrays.fill(type, before, capacity, CacheMode.WB);
  }

  void remove(int node) {
    while (left[node] != NIL || right[node] != NIL) {
      boolean takeLeft =
          right[node] == NIL || (left[node] != NIL && priority[left[node]] > priority[right[node]]);
      rotateUp(takeLeft ? left[node] : right[node]);
    }
    int above = parent[node];
    setChild(above, NIL, left[above] == node);
    for (; above != NIL; above = parent[above]) {
      updateHighestEnd(above);
    }
    right[node] = free;
    free = node;
    size--;
  }

  private void setChild(int above, int child, boolean onTheLeft) {
    if (above == NIL) {
      root = child;
    } else if (onTheLeft) {
      left[above] = child;
    } else {
      right[above] = child;
    }
  }

  private void updateHighestEnd(int node) {
    highestEnd[node] =
        Math.max(end[node], Math.max(highestEnd[left[node]], highestEnd[right[node]]));
  }

  /** Exchanges a node with its parent; the order stays. */
  private void rotateUp(int node) {
    int above = parent[node];
    int top = parent[above];
    boolean aboveOnTheLeft = left[top] == above;
    if (left[above] == node) {
      left[above] = right[node];
      parent[right[node]] = above;
      right[node] = above;
    } else {
      right[above] = left[node];
      parent[left[node]] = above;
      left[node] = above;
    }
    parent[NIL] = NIL;
    parent[above] = node;
    parent[node] = top;
    setChild(top, node, aboveOnTheLeft);
    updateHighestEnd(above);
    updateHighestEnd(node);
  }

  /** The first node that overlaps [from, to), or NIL. */
  int first(long from, long to) {
    return highestEnd[root] > from ? firstBelow(root, from, to) : NIL;
  }

  /** As {@link #first}, in a subtree that has an end above {@code from}. */
  private int firstBelow(int subtree, long from, long to) {
    int node = subtree;
    for (; ; ) {
      if (highestEnd[left[node]] > from) {
        node = left[node];
      } else if (start[node] >= to) {
        return NIL;
      } else if (end[node] > from) {
        return node;
      } else if (highestEnd[right[node]] > from) {
        node = right[node];
      } else {
        return NIL;
      }
    }
  }

  /** The next node after this one that overlaps [from, to), or NIL. */
  int next(int node, long from, long to) {
    int at = node;
    for (; ; ) {
      if (highestEnd[right[at]] > from) {
        return firstBelow(right[at], from, to);
      }
      int child;
      do {
        child = at;
        at = parent[at];
        if (at == NIL) {
          return NIL;
        }
      } while (right[at] == child);
      if (start[at] >= to) {
        return NIL;
      }
      if (end[at] > from) {
        return at;
      }
    }
  }

  /** All nodes, in order. */
  int[] inOrder() {
    int[] order = new int[size];
    int node = first(Long.MIN_VALUE, Long.MAX_VALUE);
    for (int i = 0; i < size; i++) {
      order[i] = node;
      node = next(node, Long.MIN_VALUE, Long.MAX_VALUE);
    }
    return order;
  }

  /**
   * Recounts order, links, balance and highest ends.
   *
   * @throws IllegalStateException saying what is wrong
   */
  void check() {
    int[] order = inOrder();
    for (int i = 0; i < order.length; i++) {
      int node = order[i];
      require(node != NIL, "ends after " + i + " of " + size + " nodes", node);
      require(start[node] < end[node], "is empty", node);
      require(i == 0 || start[order[i - 1]] <= start[node], "comes too late", node);
      int above = parent[node];
      require(
          above == NIL ? root == node : left[above] == node || right[above] == node,
          "is not its parent's child",
          node);
      require(above == NIL || priority[above] >= priority[node], "is above its parent", node);
      long highest = highestEnd[node];
      updateHighestEnd(node);
      require(highest == highestEnd[node], "has a wrong highest end", node);
    }
    require(
        order.length == 0 || next(order[size - 1], Long.MIN_VALUE, Long.MAX_VALUE) == NIL,
        "is not the last of " + size,
        size == 0 ? NIL : order[size - 1]);
  }

  private void require(boolean holds, String wrong, int node) {
    if (!holds) {
      throw new IllegalStateException(
          ("memtype " + Long.toHexString(start[node]) + "-" + Long.toHexString(end[node]))
              + (" " + type[node].kernelName() + " " + wrong));
    }
  }
}
