package org.pfnlab.core.pagetable;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;

/**
 * The page table of one address space: four levels of 512 entries (pgd, pud, pmd, pte; p4d folded),
 * with leaves of 4K (level 1), 2M (level 2) and 1G (level 3).
 *
 * <pre>
 *   47      39 38      30 29      21 20      12 11         0
 *  +----------+----------+----------+----------+------------+
 *  | level 4  | level 3  | level 2  | level 1  |   offset   |
 *  +----------+----------+----------+----------+------------+
 * </pre>
 *
 * <p>Addresses are virtual byte addresses below 2^48. Tables live outside of the modelled memory:
 * an entry that names one has the bits of _PAGE_TABLE and no pfn, and the node is found beside it.
 * Left out: five levels (LA57), the kernel's half, and the TLB.
 */
public final class PageTable {
  /** A table was linked into a page table: VmPTE grows by 4 KiB. */
  public static final Event TABLE_ALLOCATED =
      Event.define("pagetable.table_allocated", "page-table node linked");

  /** A table was taken out of a page table. */
  public static final Event TABLE_FREED =
      Event.define("pagetable.table_freed", "page-table node freed");

  /** The page-table lock (ptl), once per table walked. */
  public static final Event PTE_LOCK = Event.define("pagetable.pte_lock", "page-table lock taken");

  /** Leaf entries written; who writes into a node's array counts them, once per node. */
  public static final Event PTE_SET = Event.define("pagetable.pte_set", "leaf entries written");

  /** Leaf entries cleared. */
  public static final Event PTE_CLEARED =
      Event.define("pagetable.pte_cleared", "leaf entries cleared");

  /** A huge leaf was split into 512 smaller ones. */
  public static final Event LEAF_SPLIT =
      Event.define("pagetable.leaf_split", "huge leaf split into 512");

  /** A table or huge leaf was moved to another address by one link. */
  public static final Event TABLE_MOVED =
      Event.define("pagetable.table_moved", "table or huge leaf moved by its link");

  /** Entries moved to another address one by one. */
  public static final Event PTE_MOVED = Event.define("pagetable.pte_moved", "leaf entries moved");

  /** Entries of a table. */
  public static final int ENTRIES = 512;

  /** Bytes that a 4K leaf covers. */
  public static final long PAGE_SIZE = 1L << 12;

  /** Bytes that a 2M leaf covers. */
  public static final long PMD_SIZE = 1L << 21;

  /** Bytes that a 1G leaf covers. */
  public static final long PUD_SIZE = 1L << 30;

  private static final long TABLE_BITS = Pte.PRESENT | Pte.RW | Pte.USER | Pte.ACCESSED | Pte.DIRTY;
  private static final int TOP = 4;
  private static final long NOWHERE = -1;

  private final Meter meter;
  private final TablePool pool;
  private final Table root = new Table(TOP);
  private final int[] perLevel = new int[TOP + 1];
  private Table[] live = new Table[8];
  private int liveCount;
  private long cachedRegion = NOWHERE;
  private @Nullable Table cachedLeaf;

  /** An empty page table; the machine's page tables share one pool. */
  public PageTable(Kernel kernel, TablePool pool) {
    this.meter = kernel.meter;
    this.pool = pool;
  }

  /** A node: 512 entries, and beside those that name a table, the table. */
  public static final class Table {
    /** From the first of consecutive present entries to each: pfn by pfn. */
    private static final long[] DISTANCES = new long[ENTRIES];

    static {
      Arrays.setAll(DISTANCES, i -> i * PAGE_SIZE);
    }

    /** The entries, real x86-64 values. */
    public final long[] entries = new long[ENTRIES];

    /** The tables below, null at level 1 and where an entry is empty or a leaf. */
    public final @Nullable Table @Nullable [] children;

    int level;
    int liveIndex;
    @Nullable Table nextFree;

    /** Entries of an inner table outside of [low, high] were never written since it came in use. */
    private int low = ENTRIES;

    private int high = -1;

    Table(int level) {
      this.level = level;
      this.children = level == 1 ? null : new Table[ENTRIES];
    }

    private void write(int index, long entry, @Nullable Table child) {
      entries[index] = entry;
      if (children != null) {
        children[index] = child;
        low = Math.min(low, index);
        high = Math.max(high, index);
      }
    }

    private void wipe() {
      if (children == null) {
        Arrays.fill(entries, 0);
      } else if (low <= high) {
        Arrays.fill(entries, low, high + 1, 0);
        Arrays.fill(children, low, high + 1, null);
        low = ENTRIES;
        high = -1;
      }
    }

    /** 1 for a table of 4K leaves, 2 (pmd), 3 (pud), 4 (pgd). */
    public int level() {
      return level;
    }

    /**
     * Fills entries [from, to), which must be empty, with consecutive pages: the inner loop of
     * remap_pfn_range.
     *
     * @param firstPte the entry at {@code from}
     * @param pfnStep how far the pfn moves from one entry to the next
     * @return -1, or the index of the first entry that was not empty; those before it are filled
     */
    public int fillEmpty(int from, int to, long firstPte, long pfnStep) {
      long[] e = entries;
      long step = Pte.advance(firstPte, pfnStep);
      long pte = firstPte;
      int i = from;
      // one pass: eight entries are looked at and then written while they are at hand
      for (; i + 8 <= to; i += 8) {
        long used =
            e[i] | e[i + 1] | e[i + 2] | e[i + 3] | e[i + 4] | e[i + 5] | e[i + 6] | e[i + 7];
        if (used != 0) {
          break;
        }
        e[i] = pte;
        e[i + 1] = pte + step;
        e[i + 2] = pte + 2 * step;
        e[i + 3] = pte + 3 * step;
        e[i + 4] = pte + 4 * step;
        e[i + 5] = pte + 5 * step;
        e[i + 6] = pte + 6 * step;
        e[i + 7] = pte + 7 * step;
        pte += 8 * step;
      }
      for (; i < to && e[i] == 0; i++) {
        e[i] = pte;
        pte += step;
      }
      return i == to ? -1 : i;
    }

    /** Fills entries [from, to) with consecutive pages, whatever is there. */
    public void fill(int from, int to, long firstPte, long pfnStep) {
      long[] e = entries;
      long step = Pte.advance(firstPte, pfnStep);
      if (step == PAGE_SIZE) {
        // the usual case, free of the chain of additions below, so that the JIT uses vectors
        long[] distances = DISTANCES;
        for (int i = from; i < to; i++) {
          e[i] = firstPte + distances[i - from];
        }
      } else {
        long pte = firstPte;
        for (int i = from; i < to; i++) {
          e[i] = pte;
          pte += step;
        }
      }
    }

    /** The first index at or after this one of an inner table's used entry, or {@link #ENTRIES}. */
    int nextUsed(int from) {
      int to = high + 1;
      int used = from < to ? firstUsed(Math.max(from, low), to) : to;
      return used < to ? used : ENTRIES;
    }

    /** The index of the first entry of [from, to) that is not empty, or {@code to}. */
    public int firstUsed(int from, int to) {
      long[] e = entries;
      int i = from;
      // eight at a time: an early exit per entry would cost more than the fill itself
      for (; i + 8 <= to; i += 8) {
        long used =
            e[i] | e[i + 1] | e[i + 2] | e[i + 3] | e[i + 4] | e[i + 5] | e[i + 6] | e[i + 7];
        if (used != 0) {
          break;
        }
      }
      while (i < to && e[i] == 0) {
        i++;
      }
      return i;
    }
  }

  /** The index of an address in its level-1 table. */
  public static int index(long addr) {
    return (int) (addr >>> 12) & (ENTRIES - 1);
  }

  /** The index of an address in its table of this level. */
  public static int index(long addr, int level) {
    return (int) (addr >>> shift(level)) & (ENTRIES - 1);
  }

  /** The bytes that one entry of this level covers. */
  public static long span(int level) {
    return 1L << shift(level);
  }

  static int shift(int level) {
    return 12 + 9 * (level - 1);
  }

  Table root() {
    return root;
  }

  Meter meter() {
    return meter;
  }

  /** Takes the lock of one table (pte_offset_map_lock, pmd_lock); callers do so once per table. */
  public void lock() {
    meter.lock(PTE_LOCK);
  }

  /** Releases the lock taken by {@link #lock}. */
  public void unlock() {
    meter.unlock(PTE_LOCK);
  }

  /** The level-1 table that covers the address, or null (also under a huge leaf). */
  public @Nullable Table leaf(long addr) {
    if (addr >>> 21 == cachedRegion) {
      return cachedLeaf;
    }
    Table leaf = table(addr, 1);
    if (leaf != null) {
      cache(addr, leaf);
    }
    return leaf;
  }

  /** The table of this level that covers the address, or null. */
  public @Nullable Table table(long addr, int level) {
    Table table = root;
    for (int at = TOP; at > level; at--) {
      @Nullable Table[] children = table.children;
      Table child = children == null ? null : children[index(addr, at)];
      if (child == null) {
        return null;
      }
      table = child;
    }
    return table;
  }

  /**
   * The level-1 table that covers the address, linked if it was missing (pte_alloc).
   *
   * @throws IllegalStateException under a huge leaf: split it first
   */
  public Table leafAlloc(long addr) {
    if (addr >>> 21 == cachedRegion && cachedLeaf != null) {
      return cachedLeaf;
    }
    Table leaf = tableAlloc(addr, 1);
    cache(addr, leaf);
    return leaf;
  }

  /** The table of this level that covers the address, linked if it was missing. */
  public Table tableAlloc(long addr, int level) {
    Table table = root;
    for (int at = TOP; at > level; at--) {
      int index = index(addr, at);
      @Nullable Table[] children = childrenOf(table);
      Table child = children[index];
      table = child != null ? child : link(table, index, addr);
    }
    return table;
  }

  private Table link(Table parent, int index, long addr) {
    if (parent.entries[index] != 0) {
      throw new IllegalStateException(
          "0x" + Long.toHexString(addr) + " lies under a huge leaf; splitHuge it first");
    }
    Table child = pool.take(parent.level - 1);
    parent.write(index, TABLE_BITS, child);
    if (liveCount == live.length) {
      live = Arrays.copyOf(live, liveCount * 2);
    }
    child.liveIndex = liveCount;
    live[liveCount++] = child;
    perLevel[child.level]++;
    meter.count(TABLE_ALLOCATED);
    return child;
  }

  /**
   * The leaf entry that covers the address, 0 if there is none; {@link #levelAt} says how large.
   */
  public long get(long addr) {
    Table leaf = leaf(addr);
    if (leaf != null) {
      return leaf.entries[index(addr)];
    }
    Table holder = holder(addr);
    return holder.children != null && holder.children[index(addr, holder.level)] != null
        ? 0
        : holder.entries[index(addr, holder.level)];
  }

  /** The level of the leaf entry that covers the address: 1, 2, 3, or 0 if there is none. */
  public int levelAt(long addr) {
    Table holder = holder(addr);
    return holder.entries[index(addr, holder.level)] == 0 ? 0 : holder.level;
  }

  /** The lowest table on the way to the address. */
  Table holder(long addr) {
    Table table = root;
    while (table.children != null) {
      Table child = table.children[index(addr, table.level)];
      if (child == null) {
        break;
      }
      table = child;
    }
    return table;
  }

  /** Writes a 4K entry (set_pte_at), linking the tables on the way. */
  public void set(long addr, long pte) {
    leafAlloc(addr).entries[index(addr)] = pte;
    meter.count(PTE_SET);
  }

  /**
   * Writes a leaf of 2M or 1G (set_pmd_at, set_pud_at).
   *
   * @param addr aligned to the leaf's size
   * @throws IllegalStateException if a table is linked there
   */
  public void setHuge(long addr, int level, long pte) {
    Table table = tableAlloc(addr, level);
    int index = index(addr, level);
    if (level < 2 || level > 3 || childrenOf(table)[index] != null) {
      throw new IllegalStateException(
          "no leaf of level " + level + " fits at 0x" + Long.toHexString(addr));
    }
    table.write(index, pte, null);
    meter.count(PTE_SET);
  }

  /** Clears the leaf entry that covers the address (ptep_get_and_clear), and returns it. */
  public long clear(long addr) {
    Table holder = holder(addr);
    int index = index(addr, holder.level);
    long old = holder.entries[index];
    if (old != 0) {
      holder.entries[index] = 0;
      meter.count(PTE_CLEARED);
    }
    return old;
  }

  /**
   * Splits the huge leaf that covers the address into 512 leaves of the level below, with the same
   * bits (__split_huge_pmd_locked for special leaves that keep their data).
   *
   * @return the level of the leaf that was split, 0 if none covered the address
   */
  public int splitHuge(long addr) {
    Table holder = holder(addr);
    int level = holder.level;
    int index = index(addr, level);
    long leaf = holder.entries[index];
    if (level == 1 || leaf == 0) {
      return 0;
    }
    holder.entries[index] = 0;
    Table below = link(holder, index, addr);
    long first = Pte.lower(leaf, level);
    long step = Pte.advance(first, span(level - 1) >>> 12);
    for (int i = 0; i < ENTRIES; i++) {
      below.write(i, first + i * step, null);
    }
    meter.count(LEAF_SPLIT);
    return level;
  }

  /**
   * Frees the tables of [start, end) whose whole span lies in [floor, ceiling) (free_pgd_range):
   * floor is the end of the VMA before, ceiling the start of the VMA behind, 0 for none.
   *
   * @throws IllegalStateException if a table to be freed still holds entries: zap them first
   */
  public void freeTables(long start, long end, long floor, long ceiling) {
    TableFree.free(this, start, end, floor, ceiling);
  }

  /** Frees the level-1 table that covers the address if it is empty (PT_RECLAIM). */
  public void freeLeafIfEmpty(long addr) {
    TableFree.leafIfEmpty(this, addr);
  }

  /** Takes an empty table out of its parent. */
  void unlink(Table parent, int index, Table table) {
    forget();
    childrenOf(parent)[index] = null;
    parent.entries[index] = 0;
    Table last = live[--liveCount];
    live[table.liveIndex] = last;
    last.liveIndex = table.liveIndex;
    perLevel[table.level]--;
    meter.count(TABLE_FREED);
    table.wipe();
    pool.give(table);
  }

  /**
   * Moves all entries of [from, from + length) to {@code to}, which must be empty and must not
   * overlap (move_page_tables). A table that lies in the range as a whole moves by one link where
   * both addresses are aligned to its span (HAVE_MOVE_PMD, HAVE_MOVE_PUD), a huge leaf likewise; a
   * huge leaf that does not fit is split.
   *
   * @return leaf entries moved one by one
   */
  public long moveEntries(long from, long to, long length) {
    return TableMove.move(this, from, to, length);
  }

  /** Frees everything, entries included (exit_mmap's end); costs what was linked. */
  public void reset() {
    forget();
    for (int i = 0; i < liveCount; i++) {
      live[i].wipe();
      pool.give(live[i]);
    }
    if (liveCount > 0) {
      root.wipe();
      meter.count(TABLE_FREED, liveCount);
    }
    Arrays.fill(perLevel, 0);
    liveCount = 0;
  }

  /** All entries at one moment; costs what was linked. */
  public PageTableSnapshot snapshot() {
    return new PageTableSnapshot(this);
  }

  /** Back to a snapshot, of this or another page table; costs what is linked now and was then. */
  public void restore(PageTableSnapshot snapshot) {
    reset();
    snapshot.restore(this);
  }

  /** Tables of all levels below the top one: VmPTE in units of 4 KiB. */
  public int tables() {
    return liveCount;
  }

  /** Tables of one level: 1 (pte), 2 (pmd), 3 (pud). */
  public int tables(int level) {
    return perLevel[level];
  }

  private void cache(long addr, Table leaf) {
    cachedRegion = addr >>> 21;
    cachedLeaf = leaf;
  }

  /**
   * Takes the table or leaf at one place of a level and puts it at another, which must be empty.
   */
  void relink(long from, long to, int level) {
    Table source = table(from, level);
    Table target = tableAlloc(to, level);
    if (source == null) {
      return;
    }
    int i = index(from, level);
    int j = index(to, level);
    target.write(j, source.entries[i], childrenOf(source)[i]);
    source.write(i, 0, null);
    forget();
  }

  private void forget() {
    cachedRegion = NOWHERE;
    cachedLeaf = null;
  }

  private static @Nullable Table[] childrenOf(Table table) {
    @Nullable Table[] children = table.children;
    if (children == null) {
      throw new IllegalStateException("a level-1 table has no tables below it");
    }
    return children;
  }
}
