package org.pfnlab.core.iomem;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The resource tree as linked nodes, written to be plainly right: the reference for {@link
 * ResourceTree}. Walks go over a list made anew each time; nothing is derived or kept.
 */
class LinkedResourceTree {
  /** A node; the root is one too. */
  static final class Node {
    final long start;
    final long end;
    final int flags;
    final int desc;
    final String name;
    final List<Node> children = new ArrayList<>();
    @Nullable Node parent;

    Node(long start, long end, String name, int flags, int desc) {
      this.start = start;
      this.end = end;
      this.name = name;
      this.flags = flags;
      this.desc = desc;
    }

    boolean overlaps(long first, long last) {
      return start <= last && first <= end;
    }

    boolean contains(long first, long last) {
      return start <= first && last <= end;
    }

    boolean matches(int wantedFlags, int wantedDesc) {
      return (flags & wantedFlags) == wantedFlags && (wantedDesc == 0 || desc == wantedDesc);
    }

    void adopt(Node child) {
      int at = 0;
      while (at < children.size() && children.get(at).start < child.start) {
        at++;
      }
      children.add(at, child);
      child.parent = this;
    }

    List<Node> preorder() {
      List<Node> all = new ArrayList<>();
      for (Node child : children) {
        all.add(child);
        all.addAll(child.preorder());
      }
      return all;
    }
  }

  final Node root = new Node(0, Long.MAX_VALUE, "PCI mem", Iores.MEM, 0);

  /** How many nodes the last search compared. */
  int visited;

  /** The direct child that is in the way, the parent itself if the range does not fit, or null. */
  private static @Nullable Node conflict(Node parent, Node node) {
    if (node.end < node.start || !parent.contains(node.start, node.end)) {
      return parent;
    }
    for (Node child : parent.children) {
      if (child.overlaps(node.start, node.end)) {
        return child;
      }
    }
    return null;
  }

  boolean request(Node parent, Node node) {
    if (conflict(parent, node) != null) {
      return false;
    }
    parent.adopt(node);
    return true;
  }

  /** The node in the way, or null if it went in. */
  @Nullable Node insert(Node parent, Node node) {
    Node conflict = conflict(parent, node);
    if (conflict == null) {
      parent.adopt(node);
      return null;
    }
    if (conflict == parent) {
      return parent;
    }
    boolean same = conflict.start == node.start && conflict.end == node.end;
    if (conflict.contains(node.start, node.end) && !same) {
      return insert(conflict, node);
    }
    List<Node> covered = new ArrayList<>();
    for (Node child : parent.children) {
      if (child.overlaps(node.start, node.end)) {
        if (!node.contains(child.start, child.end)) {
          return child;
        }
        covered.add(child);
      }
    }
    parent.children.removeAll(covered);
    covered.forEach(node::adopt);
    parent.adopt(node);
    return null;
  }

  @Nullable Node insertExpandToFit(Node node) {
    Node wanted = node;
    for (; ; ) {
      Node conflict = insert(root, wanted);
      if (conflict == null) {
        return wanted;
      }
      if (conflict == root) {
        return null;
      }
      wanted =
          new Node(
              Math.min(wanted.start, conflict.start),
              Math.max(wanted.end, conflict.end),
              node.name,
              node.flags,
              node.desc);
    }
  }

  @Nullable Node requestRegion(long start, long end, String name, int extra) {
    Node parent = root;
    for (; ; ) {
      int inherited = parent.flags & (0x1f00 | Iores.SYSRAM);
      Node node = new Node(start, end, name, inherited | Iores.BUSY | extra, parent.desc);
      Node conflict = conflict(parent, node);
      if (conflict == null) {
        parent.adopt(node);
        return node;
      }
      if (conflict == parent || (conflict.flags & Iores.BUSY) != 0) {
        return null;
      }
      parent = conflict;
    }
  }

  boolean releaseRegion(long start, long end) {
    Node parent = root;
    for (; ; ) {
      Node in = null;
      for (Node child : parent.children) {
        if (child.contains(start, end)) {
          in = child;
          break;
        }
      }
      if (in == null) {
        return false;
      }
      if ((in.flags & Iores.BUSY) != 0) {
        return in.start == start && in.end == end && parent.children.remove(in);
      }
      parent = in;
    }
  }

  void release(Node node, boolean withChildren) {
    Node parent = node.parent;
    if (parent == null) {
      throw new IllegalStateException("the root is not released");
    }
    parent.children.remove(node);
    if (!withChildren) {
      node.children.forEach(parent::adopt);
    }
  }

  boolean holds(Node node) {
    return root.preorder().contains(node);
  }

  /** find_next_iomem_res: the first match, or null; {@link #visited} says what it cost. */
  @Nullable Node find(ResourceWalk how, long start, long end, int flags, int desc) {
    visited = 0;
    for (Node node : candidates(how, start)) {
      visited++;
      if (node.start > end) {
        return null;
      }
      if (node.end >= start && node.matches(flags, desc)) {
        return node;
      }
    }
    return null;
  }

  private List<Node> candidates(ResourceWalk how, long start) {
    if (how == ResourceWalk.FIRST_LEVEL) {
      return root.children;
    }
    List<Node> all = new ArrayList<>();
    boolean descending = how == ResourceWalk.PREORDER;
    for (Node top : root.children) {
      descending |= top.end >= start;
      all.add(top);
      if (descending) {
        all.addAll(top.preorder());
      }
    }
    return all;
  }

  RegionOverlap regionIntersects(boolean descends, long start, long end, int flags, int desc) {
    int matching = 0;
    int others = 0;
    for (Node top : root.children) {
      if (!top.overlaps(start, end)) {
        continue;
      }
      if (top.matches(flags, desc)) {
        matching++;
      } else if (!descends) {
        others++;
      } else {
        long open = Math.max(start, top.start);
        long last = Math.min(end, top.end);
        for (Node inside : top.preorder()) {
          if (inside.overlaps(start, end) && inside.matches(flags, desc)) {
            matching++;
            if (inside.start > open) {
              break;
            }
            open = Math.max(open, inside.end + 1);
          }
        }
        if (open <= last) {
          others++;
        }
      }
    }
    if (matching == 0) {
      return RegionOverlap.DISJOINT;
    }
    return others == 0 ? RegionOverlap.INTERSECTS : RegionOverlap.MIXED;
  }

  /** One line a node: depth, range, name. */
  String dump() {
    StringBuilder text = new StringBuilder();
    for (Node node : root.preorder()) {
      int depth = 0;
      for (Node up = node.parent; up != root && up != null; up = up.parent) {
        depth++;
      }
      text.append("%d %x-%x %s%n".formatted(depth, node.start, node.end, node.name));
    }
    return text.toString();
  }
}
