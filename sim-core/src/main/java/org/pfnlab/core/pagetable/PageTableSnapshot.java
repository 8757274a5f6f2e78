package org.pfnlab.core.pagetable;

import org.jspecify.annotations.Nullable;

/** A page table's entries and tables at one moment. */
public final class PageTableSnapshot {
  private final Node root;

  PageTableSnapshot(PageTable tables) {
    root = new Node(tables.root(), 0);
  }

  void restore(PageTable tables) {
    root.restore(tables);
  }

  /** One table: its own entries, and the tables below it. */
  private static final class Node {
    private final int level;
    private final long base;
    private final long[] leaves;
    private final Node[] below;

    Node(PageTable.Table table, long base) {
      this.level = table.level;
      this.base = base;
      if (table.children == null) {
        leaves = table.entries.clone();
        below = new Node[0];
        return;
      }
      leaves = new long[PageTable.ENTRIES];
      int n = 0;
      for (PageTable.@Nullable Table child : table.children) {
        n += child == null ? 0 : 1;
      }
      below = new Node[n];
      for (int i = PageTable.ENTRIES - 1; i >= 0; i--) {
        PageTable.Table child = table.children[i];
        if (child == null) {
          leaves[i] = table.entries[i];
        } else {
          below[--n] = new Node(child, base + ((long) i << PageTable.shift(level)));
        }
      }
    }

    void restore(PageTable tables) {
      PageTable.Table table = tables.tableAlloc(base, level);
      if (level == 1) {
        System.arraycopy(leaves, 0, table.entries, 0, PageTable.ENTRIES);
        return;
      }
      for (int i = 0; i < leaves.length; i++) {
        if (leaves[i] != 0) {
          tables.setHuge(base + ((long) i << PageTable.shift(level)), level, leaves[i]);
        }
      }
      for (Node node : below) {
        node.restore(tables);
      }
    }
  }
}
