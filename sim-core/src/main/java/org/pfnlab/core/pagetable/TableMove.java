package org.pfnlab.core.pagetable;

/**
 * Moves entries to another address, as mremap does: extent by extent, whole tables where it can.
 */
final class TableMove {
  private TableMove() {}

  static long move(PageTable tables, long from, long to, long length) {
    long moved = 0;
    long done = 0;
    while (done < length) {
      long source = from + done;
      long target = to + done;
      long left = length - done;
      long relinked = relinkWhole(tables, source, target, left);
      if (relinked != 0) {
        done += relinked;
        continue;
      }
      PageTable.Table holder = tables.holder(source);
      if (holder.level == 1) {
        long extent = Math.min(left, Math.min(toEnd(source, 2), toEnd(target, 2)));
        moved += moveExtent(tables, holder, source, target, (int) (extent >>> 12));
        done += extent;
      } else if (holder.entries[PageTable.index(source, holder.level)] == 0) {
        done += Math.min(left, toEnd(source, holder.level));
      } else {
        tables.splitHuge(source);
      }
    }
    tables.meter().count(PageTable.PTE_MOVED, moved);
    return moved;
  }

  /** Moves what stands at one place of level 3 or 2 as a whole, and returns its span, or 0. */
  private static long relinkWhole(PageTable tables, long source, long target, long left) {
    for (int level = 3; level >= 2; level--) {
      long span = PageTable.span(level);
      PageTable.Table table = tables.table(source, level);
      if (((source | target) & span - 1) != 0
          || left < span
          || table == null
          || table.entries[PageTable.index(source, level)] == 0) {
        continue;
      }
      PageTable.Table there = tables.table(target, level);
      if (there == null || there.entries[PageTable.index(target, level)] == 0) {
        tables.relink(source, target, level);
        tables.meter().count(PageTable.TABLE_MOVED);
        return span;
      }
    }
    return 0;
  }

  private static long moveExtent(
      PageTable tables, PageTable.Table from, long source, long target, int pages) {
    PageTable.Table to = tables.leafAlloc(target);
    int i = PageTable.index(source);
    int j = PageTable.index(target);
    long moved = 0;
    tables.lock();
    for (int n = 0; n < pages; n++) {
      long pte = from.entries[i + n];
      if (pte != 0) {
        from.entries[i + n] = 0;
        to.entries[j + n] = pte;
        moved++;
      }
    }
    tables.unlock();
    return moved;
  }

  private static long toEnd(long addr, int level) {
    return PageTable.span(level) - (addr & PageTable.span(level) - 1);
  }
}
