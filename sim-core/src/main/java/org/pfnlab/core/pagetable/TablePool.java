package org.pfnlab.core.pagetable;

import org.jspecify.annotations.Nullable;

/**
 * The machine's free page-table nodes, recycled last in first out: what pte_alloc_one and its
 * brothers take from and give back to. Nodes come out zeroed.
 */
public final class TablePool {
  private PageTable.@Nullable Table freeLeaf;
  private PageTable.@Nullable Table freeInner;
  private long created;

  /** An empty pool; nodes are made when the free list has none. */
  public TablePool() {}

  PageTable.Table take(int level) {
    PageTable.Table table = level == 1 ? freeLeaf : freeInner;
    if (table == null) {
      created++;
      return new PageTable.Table(level);
    }
    if (level == 1) {
      freeLeaf = table.nextFree;
    } else {
      freeInner = table.nextFree;
    }
    table.nextFree = null;
    table.level = level;
    return table;
  }

  /** Gives back a node whose entries and children have been cleared. */
  void give(PageTable.Table table) {
    if (table.level == 1) {
      table.nextFree = freeLeaf;
      freeLeaf = table;
    } else {
      table.nextFree = freeInner;
      freeInner = table;
    }
  }

  /** How many nodes were ever made: the most that lived at one time. */
  public long created() {
    return created;
  }
}
