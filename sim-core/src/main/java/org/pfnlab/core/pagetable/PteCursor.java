package org.pfnlab.core.pagetable;

import org.jspecify.annotations.Nullable;

/**
 * Walks the leaf entries of a range of addresses, upwards, without allocating: by tables for tight
 * loops, or by entries that are not empty. Holes cost one step per table above them.
 *
 * <pre>
 *   while (cursor.nextPresentTable()) {
 *     long[] entries = cursor.entries();
 *     for (int i = cursor.from(); i &lt; cursor.to(); i++) { ... cursor.base() + (i - from) * span ... }
 *   }
 *   while (cursor.next()) { cursor.addr(), cursor.value(), cursor.level() ... }
 * </pre>
 *
 * <p>The page table may change between two steps; the cursor looks at it afresh for every table. A
 * huge leaf that reaches out of the range is met like any other; splitting it is the caller's
 * choice.
 */
public final class PteCursor {
  private @Nullable PageTable pageTable;
  private PageTable.@Nullable Table table;
  private long pos;
  private long end;
  private long base;
  private int from;
  private int to;
  private int at;
  private int tables;

  /** A cursor that is at the end of nothing. */
  public PteCursor() {}

  /** Begins a walk over [start, end), byte addresses. */
  public void reset(PageTable pageTable, long start, long end) {
    this.pageTable = pageTable;
    this.pos = start;
    this.end = end;
    this.table = null;
    this.at = 0;
    this.to = 0;
    this.tables = 0;
  }

  /**
   * Goes to the next level-1 table of the range, or to the next huge leaf, which comes as a run of
   * one entry; {@link #level} tells them apart.
   */
  public boolean nextPresentTable() {
    PageTable tables = pageTable;
    if (tables == null) {
      return false;
    }
    while (pos < end) {
      PageTable.Table node = tables.root();
      while (true) {
        int level = node.level;
        int index = PageTable.index(pos, level);
        if (level == 1) {
          return enter(node, index);
        }
        int used = node.entries[index] != 0 ? index : node.nextUsed(index);
        if (used != index) {
          pos = ((pos >>> PageTable.shift(level)) + (used - index)) << PageTable.shift(level);
          if (pos >= end) {
            return false;
          }
          if (used == PageTable.ENTRIES) {
            break;
          }
        }
        PageTable.Table child = node.children == null ? null : node.children[used];
        if (child == null) {
          return enter(node, used);
        }
        node = child;
      }
    }
    return false;
  }

  /** How many tables of 4K entries the walk has been in; what counts calls of a ..._pte_range. */
  public int tables() {
    return tables;
  }

  private boolean enter(PageTable.Table node, int index) {
    if (node.level == 1) {
      tables++;
    }
    int shift = PageTable.shift(node.level);
    long first = pos >>> shift;
    long entries =
        node.level == 1
            ? Math.min(PageTable.ENTRIES - index, ((end - 1) >>> shift) - first + 1)
            : 1;
    table = node;
    base = first << shift;
    from = index;
    to = index + (int) entries;
    at = index - 1;
    pos = (first + entries) << shift;
    return true;
  }

  /** Goes to the next entry that is not empty. */
  public boolean next() {
    while (true) {
      if (table != null) {
        int next = at + 1;
        // in a dense table the neighbour is there; scanning ahead for it would read eight entries
        at = next < to && table.entries[next] != 0 ? next : table.firstUsed(next, to);
        if (at < to) {
          return true;
        }
      }
      if (!nextPresentTable()) {
        table = null;
        return false;
      }
    }
  }

  private PageTable.Table table() {
    if (table == null) {
      throw new IllegalStateException("the cursor stands on no table; call next first");
    }
    return table;
  }

  /** The entries of the table that the cursor is in. */
  public long[] entries() {
    return table().entries;
  }

  /** The first index of the run inside the table. */
  public int from() {
    return from;
  }

  /** The end of the run inside the table. */
  public int to() {
    return to;
  }

  /** The address that the entry at {@link #from} covers first. */
  public long base() {
    return base;
  }

  /** The level of the table: 1 for 4K leaves, 2 or 3 for a huge leaf. */
  public int level() {
    return table().level;
  }

  /** The first address that the current entry covers. */
  public long addr() {
    return base + ((long) (at - from) << PageTable.shift(table().level));
  }

  /** The current entry. */
  public long value() {
    return table().entries[at];
  }

  /** Replaces the current entry. */
  public void set(long pte) {
    table().entries[at] = pte;
    if (pageTable != null) {
      pageTable.meter().count(PageTable.PTE_SET);
    }
  }

  /** Clears the current entry, and returns what it was. */
  public long clear() {
    long old = value();
    table().entries[at] = 0;
    if (pageTable != null) {
      pageTable.meter().count(PageTable.PTE_CLEARED);
    }
    return old;
  }
}
