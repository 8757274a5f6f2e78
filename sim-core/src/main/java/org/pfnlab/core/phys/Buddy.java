package org.pfnlab.core.phys;

import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;

/**
 * The buddy allocator (mm/page_alloc.c): blocks of 2^0 to 2^10 pages, three zones, lower zones as
 * fallback, halves split off the low end of a block and merged again as soon as both are free.
 *
 * <p>Deterministic: a block that came back last goes out first; fresh blocks go out by rising
 * address. Memory that nobody took costs nothing. Left out: per-CPU lists, migrate types,
 * watermarks, reclaim, NUMA. The state of a free block stands in its first frame, as in the kernel
 * (PageBuddy, and the order in page_private).
 */
public final class Buddy {
  /** A block was split into two halves. */
  public static final Event SPLIT = Event.define("phys.buddy_split", "free block split in two");

  /** Two free buddies became one block. */
  public static final Event MERGED = Event.define("phys.buddy_merged", "free buddies merged");

  /** The zone's lock. */
  public static final Event ZONE_LOCK = Event.define("phys.zone_lock", "zone lock taken");

  /** The largest order: blocks of 4 MiB. */
  public static final int MAX_ORDER = 10;

  /** Set for a moment on entries that compaction has met; no flag of a free block. */
  private static final long SEEN = 1;

  private static final Zone[] ZONES = Zone.values();

  private final Meter meter;
  private final ChunkMap chunks;
  private final FreeList[][] lists = new FreeList[ZONES.length][MAX_ORDER + 1];
  private final long managed;

  Buddy(Meter meter, MemoryMap memory, ChunkMap chunks, long zeroPfn) {
    this.meter = meter;
    this.chunks = chunks;
    long pages = 0;
    for (Zone zone : ZONES) {
      for (int order = 0; order <= MAX_ORDER; order++) {
        lists[zone.index()][order] = new FreeList();
      }
      for (int range = 0; range < memory.ranges(); range++) {
        long first =
            Math.max(Math.max(memory.firstPfn(range), MemoryMap.LOW_PFNS), zone.firstPfn());
        long end = Math.min(memory.endPfn(range), zone.endPfn());
        if (zeroPfn >= first && zeroPfn < end) {
          pages += addRange(zone, first, zeroPfn);
          first = zeroPfn + 1;
        }
        pages += addRange(zone, first, end);
      }
    }
    managed = pages;
  }

  private long addRange(Zone zone, long first, long end) {
    for (long pfn = first; pfn < end; ) {
      int order = Math.min(MAX_ORDER, Long.numberOfTrailingZeros(pfn));
      while (1L << order > end - pfn) {
        order--;
      }
      long blocks = order == MAX_ORDER ? (end - pfn) >>> order : 1;
      lists[zone.index()][order].addRun(pfn, blocks);
      pfn += blocks << order;
    }
    return Math.max(0, end - first);
  }

  /**
   * Takes a block (alloc_pages without its struct page work).
   *
   * @param order 0 to 10
   * @param highest the best zone that will do; lower ones follow
   * @return its first pfn, or -1 if there is none
   */
  public long alloc(int order, Zone highest) {
    for (int zone = highest.index(); zone >= 0; zone--) {
      meter.lock(ZONE_LOCK);
      long pfn = take(lists[zone], order);
      meter.unlock(ZONE_LOCK);
      if (pfn >= 0) {
        return pfn;
      }
    }
    return -1;
  }

  private long take(FreeList[] zone, int order) {
    for (int from = order; from <= MAX_ORDER; from++) {
      long pfn = pop(zone[from], from);
      if (pfn < 0) {
        pfn = zone[from].takeFresh(from);
      }
      if (pfn >= 0) {
        for (int half = from - 1; half >= order; half--) {
          push(zone[half], pfn + (1L << half), half);
        }
        meter.count(SPLIT, from - order);
        return pfn;
      }
    }
    return -1;
  }

  /**
   * Gives a block back (__free_one_page).
   *
   * @throws IllegalStateException if it is no block, or its first frame is free already
   */
  public void free(long pfn, int order) {
    if ((pfn & ((1L << order) - 1)) != 0 || !chunks.isManaged(pfn)) {
      throw Frames.broken(pfn, "is no block of order " + order + " of this allocator");
    }
    if (isFreeHead(pfn)) {
      throw Frames.broken(pfn, "is freed twice");
    }
    FreeList[] zone = lists[Zone.of(pfn).index()];
    long first = pfn;
    int at = order;
    meter.lock(ZONE_LOCK);
    while (at < MAX_ORDER && stateOf(first ^ 1L << at) == freeState(at)) {
      setState(first ^ 1L << at, 0);
      zone[at].live--;
      first &= ~(1L << at);
      at++;
    }
    meter.count(MERGED, at - order);
    push(zone[at], first, at);
    meter.unlock(ZONE_LOCK);
  }

  private long pop(FreeList list, int order) {
    while (list.live > 0) {
      long pfn = list.stack[--list.size];
      if (stateOf(pfn) == freeState(order)) {
        setState(pfn, 0);
        list.live--;
        return pfn;
      }
    }
    list.size = 0;
    return -1;
  }

  private void push(FreeList list, long pfn, int order) {
    if (list.size > 2 * list.live + 64) {
      compact(list, order);
    }
    setState(pfn, freeState(order));
    list.push(pfn);
  }

  /** Drops entries that no longer count, keeping for each block its latest. */
  private void compact(FreeList list, int order) {
    long seen = freeState(order) | SEEN;
    int to = list.size;
    for (int i = list.size - 1; i >= 0; i--) {
      long pfn = list.stack[i];
      if (stateOf(pfn) == freeState(order)) {
        setState(pfn, seen);
        list.stack[--to] = pfn;
      }
    }
    int kept = list.size - to;
    System.arraycopy(list.stack, to, list.stack, 0, kept);
    list.size = kept;
    for (int i = 0; i < kept; i++) {
      setState(list.stack[i], freeState(order));
    }
  }

  private static long freeState(int order) {
    return (long) order << Chunk.INDEX_SHIFT | Frames.BUDDY;
  }

  private long stateOf(long pfn) {
    Chunk chunk = chunks.find(pfn);
    return chunk == null || !chunk.hasPages() ? 0 : chunk.meta[(int) pfn & Chunk.FRAMES - 1];
  }

  private void setState(long pfn, long state) {
    chunks.touch(pfn).meta[(int) pfn & Chunk.FRAMES - 1] = state;
  }

  private boolean isFreeHead(long pfn) {
    return (stateOf(pfn) & Frames.BUDDY) != 0;
  }

  /** How many free blocks the frame lies in: one if it is free, none if it is not. */
  int freeBlocksAround(long pfn) {
    int around = 0;
    for (int order = 0; order <= MAX_ORDER; order++) {
      if (stateOf(pfn & -(1L << order)) == freeState(order)
          || lists[Zone.of(pfn).index()][order].isFresh(pfn, order)) {
        around++;
      }
    }
    return around;
  }

  /** Pages that the allocator looks after, free or not (managed_pages of all zones). */
  public long managedPages() {
    return managed;
  }

  /** Free pages of a zone (NR_FREE_PAGES). */
  public long freePages(Zone zone) {
    long pages = 0;
    for (int order = 0; order <= MAX_ORDER; order++) {
      pages += freeBlocks(zone, order) << order;
    }
    return pages;
  }

  /** Free pages of all zones. */
  public long freePages() {
    return freePages(Zone.DMA) + freePages(Zone.DMA32) + freePages(Zone.NORMAL);
  }

  /** Free blocks of one order in a zone: a column of /proc/buddyinfo. */
  public long freeBlocks(Zone zone, int order) {
    FreeList list = lists[zone.index()][order];
    return list.live + list.freshBlocks();
  }

  void reset() {
    for (FreeList[] zone : lists) {
      for (FreeList list : zone) {
        list.reset();
      }
    }
  }

  FreeList[][] snapshot() {
    FreeList[][] copies = new FreeList[ZONES.length][MAX_ORDER + 1];
    for (int zone = 0; zone < ZONES.length; zone++) {
      for (int order = 0; order <= MAX_ORDER; order++) {
        copies[zone][order] = lists[zone][order].copy();
      }
    }
    return copies;
  }

  void restore(FreeList[][] copies) {
    for (int zone = 0; zone < ZONES.length; zone++) {
      for (int order = 0; order <= MAX_ORDER; order++) {
        lists[zone][order].assign(copies[zone][order]);
      }
    }
  }
}
