package org.pfnlab.core.iomem;

import org.pfnlab.core.iomem.ResourceArrays.Node;

/**
 * How resources get into the tree and out of it: __request_resource, __insert_resource,
 * __request_region and their opposites, the same in all eras.
 *
 * <p>Parents and conflicts are indices into the arrays; {@link #ROOT} is the invisible root, whose
 * range is everything. Left out: IORESOURCE_MUXED, which sleeps until the other owner releases.
 */
final class ResourceRequests {
  static final int ROOT = -1;

  /** No conflict; {@link #place} says where the node goes. */
  static final int NONE = -2;

  private final ResourceArrays nodes;
  private int place;
  private int handles;

  ResourceRequests(ResourceArrays nodes) {
    this.nodes = nodes;
    handles = nodes.size;
  }

  /** A handle for a node that is about to come; the root's is 0. */
  int newHandle() {
    return ++handles;
  }

  /**
   * Looks among the direct children of a parent for room; answers the conflicting index or NONE.
   */
  private int conflict(int parent, long start, long end) {
    if (end < start || start < 0) {
      return parent;
    }
    if (parent != ROOT && (start < nodes.start[parent] || end > nodes.end[parent])) {
      return parent;
    }
    int behind = parent == ROOT ? nodes.size : nodes.next[parent];
    for (int child = parent + 1; child < behind; child = nodes.next[child]) {
      if (nodes.start[child] > end) {
        place = child;
        return NONE;
      }
      if (nodes.end[child] >= start) {
        return child;
      }
    }
    place = behind;
    return NONE;
  }

  private int depthBelow(int parent) {
    return parent == ROOT ? 0 : nodes.depth[parent] + 1;
  }

  private int add(int at, int parent, Node node) {
    int handle = newHandle();
    nodes.insert(at, depthBelow(parent), handle, node);
    nodes.seal();
    return handle;
  }

  /** __request_resource. Answers the handle, or 0 on conflict. */
  int request(int parent, Node node) {
    return conflict(parent, node.start(), node.end()) == NONE ? add(place, parent, node) : 0;
  }

  /**
   * __insert_resource. Answers the handle, or 0 with the conflicting index in {@link #conflicting}.
   */
  int insert(int root, Node node) {
    int parent = root;
    int first;
    for (; ; parent = first) {
      first = conflict(parent, node.start(), node.end());
      if (first == NONE) {
        return add(place, parent, node);
      }
      if (first == parent) {
        place = first;
        return 0;
      }
      boolean larger = nodes.start[first] > node.start() || nodes.end[first] < node.end();
      boolean same = nodes.start[first] == node.start() && nodes.end[first] == node.end();
      if (larger || same) {
        break;
      }
    }
    int behindParent = parent == ROOT ? nodes.size : nodes.next[parent];
    int behind = first;
    while (behind < behindParent && nodes.start[behind] <= node.end()) {
      if (nodes.start[behind] < node.start() || nodes.end[behind] > node.end()) {
        place = behind;
        return 0;
      }
      behind = nodes.next[behind];
    }
    nodes.shiftDepth(first, behind, 1);
    return add(first, parent, node);
  }

  /** The index that made {@link #insert} fail: a resource, or the root. */
  int conflicting() {
    return place;
  }

  /** __request_region: descends into conflicts that nobody claims. Answers the handle, or 0. */
  int requestRegion(long start, long end, String name, int flags) {
    int parent = ROOT;
    for (; ; ) {
      int conflict = conflict(parent, start, end);
      if (conflict == NONE) {
        int inherited = parent == ROOT ? Iores.MEM : nodes.flags[parent] & Iores.INHERITED;
        int desc = parent == ROOT ? Iores.DESC_NONE : nodes.desc[parent];
        return add(place, parent, new Node(start, end, name, inherited | Iores.BUSY | flags, desc));
      }
      if (conflict == parent || (nodes.flags[conflict] & Iores.BUSY) != 0) {
        return 0;
      }
      parent = conflict;
    }
  }

  /** __release_region: the claimed region of exactly this range goes; false if there is none. */
  boolean releaseRegion(long start, long end) {
    int behind = nodes.size;
    int i = 0;
    while (i < behind) {
      if (nodes.start[i] <= start && nodes.end[i] >= end) {
        if ((nodes.flags[i] & Iores.BUSY) == 0) {
          behind = nodes.next[i];
          i++;
          continue;
        }
        if (nodes.start[i] != start || nodes.end[i] != end) {
          return false;
        }
        nodes.remove(i, nodes.next[i]);
        nodes.seal();
        return true;
      }
      i = nodes.next[i];
    }
    return false;
  }

  /** __release_resource: the node goes, and its children with it or into its place. */
  void release(int i, boolean withChildren) {
    if (withChildren) {
      nodes.remove(i, nodes.next[i]);
    } else {
      nodes.shiftDepth(i + 1, nodes.next[i], -1);
      nodes.remove(i, i + 1);
    }
    nodes.seal();
  }
}
