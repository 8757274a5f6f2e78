package org.pfnlab.core.pagetable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A page table as sorted maps: leaves by address, tables as a set of addresses for each level. */
final class NaivePageTable {
  record Leaf(int level, long pte) {}

  final NavigableMap<Long, Leaf> leaves = new TreeMap<>();
  final List<TreeSet<Long>> tables = new ArrayList<>();

  NaivePageTable() {
    for (int level = 0; level <= 3; level++) {
      tables.add(new TreeSet<>());
    }
  }

  static long span(int level) {
    return 4096L << (9 * (level - 1));
  }

  private static long align(long addr, long span) {
    return addr - addr % span;
  }

  Map.@Nullable Entry<Long, Leaf> covering(long addr) {
    Map.Entry<Long, Leaf> entry = leaves.floorEntry(addr);
    return entry != null && entry.getKey() + span(entry.getValue().level()) > addr ? entry : null;
  }

  boolean underHuge(long addr) {
    Map.Entry<Long, Leaf> entry = covering(addr);
    return entry != null && entry.getValue().level() > 1;
  }

  /** Whether a leaf of this level may be set: no table there and no larger leaf. */
  boolean fits(long addr, int level) {
    Map.Entry<Long, Leaf> entry = covering(addr);
    return !tables.get(level - 1).contains(align(addr, span(level)))
        && (entry == null || entry.getValue().level() <= level);
  }

  void set(long addr, int level, long pte) {
    for (int table = level; table <= 3; table++) {
      tables.get(table).add(align(addr, span(table + 1)));
    }
    if (pte == 0) {
      leaves.remove(addr);
    } else {
      leaves.put(addr, new Leaf(level, pte));
    }
  }

  void clear(long addr) {
    Map.Entry<Long, Leaf> entry = covering(addr);
    if (entry != null) {
      leaves.remove(entry.getKey());
    }
  }

  /** The pfn of each smaller leaf is reckoned anew; the other bits are those of the 4K form. */
  void split(long addr) {
    Map.Entry<Long, Leaf> entry = covering(addr);
    if (entry == null || entry.getValue().level() == 1) {
      return;
    }
    int level = entry.getValue().level();
    long leaf = entry.getValue().pte();
    long small = Pte.toSmall(leaf, level) & ~Pte.PFN_MASK;
    leaves.remove(entry.getKey());
    for (int i = 0; i < 512; i++) {
      long pfn = Pte.pfn(leaf, level) + i * (span(level - 1) / 4096);
      long pte = level == 2 ? Pte.of(pfn, small) : Pte.ofHuge(pfn, small, 2);
      set(entry.getKey() + i * span(level - 1), level - 1, pte);
    }
  }

  /** Empties [start, end), splitting leaves that reach out of it. */
  void clearRange(long start, long end) {
    for (long edge : new long[] {start, end}) {
      while (true) {
        Map.Entry<Long, Leaf> entry = covering(edge);
        if (entry == null || entry.getValue().level() == 1 || entry.getKey() == edge) {
          break;
        }
        split(edge);
      }
    }
    leaves.subMap(start, end).clear();
  }

  /** Where the last leaf or table ends that lies below an address as a whole. */
  long endBelow(long addr) {
    Map.Entry<Long, Leaf> entry = leaves.lowerEntry(addr);
    long below = entry == null ? 0 : entry.getKey() + span(entry.getValue().level());
    for (int level = 1; level <= 3; level++) {
      Long table = tables.get(level).floor(addr - span(level + 1));
      below = Math.max(below, table == null ? 0 : table + span(level + 1));
    }
    return below;
  }

  /** Where the first leaf or table begins at or above an address. */
  long startAbove(long addr) {
    Long leaf = leaves.ceilingKey(addr);
    long above = leaf == null ? Long.MAX_VALUE : leaf;
    for (int level = 1; level <= 3; level++) {
      Long table = tables.get(level).ceiling(addr);
      above = Math.min(above, table == null ? Long.MAX_VALUE : table);
    }
    return above;
  }

  void freeTables(long start, long end, long floor, long ceiling) {
    for (int level = 1; level <= 3; level++) {
      long span = span(level + 1);
      tables
          .get(level)
          .removeIf(
              base ->
                  base < end
                      && base + span > start
                      && base >= floor
                      && (ceiling == 0 || base + span <= ceiling));
    }
  }

  /** Moves pages; a huge leaf that the move does not keep aligned and whole is split. */
  void move(long from, long to, long length) {
    for (long done = 0; done < length; ) {
      Map.Entry<Long, Leaf> entry = leaves.ceilingEntry(from + done);
      if (covering(from + done) != null) {
        entry = covering(from + done);
      }
      if (entry == null || entry.getKey() >= from + length) {
        return;
      }
      long base = Math.max(entry.getKey(), from + done);
      long span = span(entry.getValue().level());
      boolean whole = base == entry.getKey() && base + span <= from + length;
      if (entry.getValue().level() > 1 && (!whole || (base - from + to) % span != 0)) {
        split(base);
        continue;
      }
      leaves.remove(base);
      leaves.put(base - from + to, entry.getValue());
      done = base - from + span;
    }
  }
}
