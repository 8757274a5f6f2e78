package org.pfnlab.core.pagetable;

import org.jspecify.annotations.Nullable;

/** Frees the tables that no VMA needs any more (free_pgtables), or that are empty. */
final class TableFree {
  private final PageTable tables;
  private final long start;
  private final long last;
  private final long floor;
  private final long ceilingLast;

  private TableFree(PageTable tables, long start, long end, long floor, long ceiling) {
    this.tables = tables;
    this.start = start;
    this.last = end - 1;
    this.floor = floor;
    this.ceilingLast = ceiling - 1;
  }

  static void free(PageTable tables, long start, long end, long floor, long ceiling) {
    if (start < end) {
      new TableFree(tables, start, end, floor, ceiling).below(tables.root(), 0);
    }
  }

  static void leafIfEmpty(PageTable tables, long addr) {
    PageTable.Table parent = tables.table(addr, 2);
    PageTable.Table leaf = tables.table(addr, 1);
    if (parent != null
        && leaf != null
        && leaf.firstUsed(0, PageTable.ENTRIES) == PageTable.ENTRIES) {
      tables.unlink(parent, PageTable.index(addr, 2), leaf);
    }
  }

  private void below(PageTable.Table table, long base) {
    PageTable.@Nullable Table @Nullable [] children = table.children;
    if (children == null) {
      return;
    }
    int shift = PageTable.shift(table.level);
    int to = (int) Math.min(PageTable.ENTRIES - 1, (last - base) >>> shift);
    for (int i = start <= base ? 0 : PageTable.index(start, table.level); i <= to; i++) {
      PageTable.Table child = children[i];
      if (child == null) {
        continue;
      }
      long first = base + ((long) i << shift);
      below(child, first);
      // unsigned: a ceiling of 0 is the end of all addresses
      if (first >= floor && Long.compareUnsigned(first + (1L << shift) - 1, ceilingLast) <= 0) {
        if (child.firstUsed(0, PageTable.ENTRIES) < PageTable.ENTRIES) {
          throw new IllegalStateException(
              "the table at 0x" + Long.toHexString(first) + " still holds entries; zap them first");
        }
        tables.unlink(table, i, child);
      }
    }
  }
}
