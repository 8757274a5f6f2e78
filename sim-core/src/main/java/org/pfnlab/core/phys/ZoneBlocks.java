package org.pfnlab.core.phys;

import org.pfnlab.core.meter.Meter;

/**
 * One zone's free blocks (struct zone with its free_area): the buddy algorithm itself. The state of
 * a free block stands in its first frame, as in the kernel: PageBuddy, and the order where
 * page_private would be.
 */
final class ZoneBlocks {
  /** What stands where an order would for a page on a per-CPU list. */
  private static final int PER_CPU = 15;

  /** Set for a moment on entries that compaction has met; no flag of a free block. */
  private static final long SEEN = 1;

  private final Meter meter;
  private final ChunkMap chunks;
  private final FreeList[] lists = new FreeList[Buddy.MAX_ORDER + 1];
  private final PerCpuPages perCpu = new PerCpuPages();
  private long managed;

  ZoneBlocks(Meter meter, ChunkMap chunks) {
    this.meter = meter;
    this.chunks = chunks;
    for (int order = 0; order <= Buddy.MAX_ORDER; order++) {
      lists[order] = new FreeList();
    }
  }

  /** Adds fresh memory, in the largest aligned blocks that it holds. */
  void addRange(long first, long end) {
    for (long pfn = first; pfn < end; ) {
      int order = Math.min(Buddy.MAX_ORDER, Long.numberOfTrailingZeros(pfn));
      while (1L << order > end - pfn) {
        order--;
      }
      long blocks = order == Buddy.MAX_ORDER ? (end - pfn) >>> order : 1;
      lists[order].addRun(pfn, blocks);
      pfn += blocks << order;
    }
    managed += Math.max(0, end - first);
  }

  /** A single page, the one freed last if there is one at hand; -1 if the zone is empty. */
  long takePage() {
    if (perCpu.count() > 0) {
      long pfn = perCpu.popHottest();
      setState(pfn, 0);
      return pfn;
    }
    return takeBlock(0);
  }

  /** A block, or -1: the smallest that will do, split as often as needed. */
  long takeBlock(int order) {
    meter.lock(Buddy.ZONE_LOCK);
    long pfn = -1;
    for (int from = order; from <= Buddy.MAX_ORDER && pfn < 0; from++) {
      pfn = pop(from);
      if (pfn >= 0) {
        for (int half = from - 1; half >= order; half--) {
          push(pfn + (1L << half), half);
        }
        meter.count(Buddy.SPLIT, from - order);
      }
    }
    meter.unlock(Buddy.ZONE_LOCK);
    return pfn;
  }

  /** Takes a single page back. */
  void givePage(long pfn) {
    setState(pfn, freeState(PER_CPU));
    perCpu.push(pfn);
    if (perCpu.count() > PerCpuPages.HIGH) {
      drain(PerCpuPages.BATCH);
    }
  }

  /** Takes a block back. */
  void giveBlock(long pfn, int order) {
    meter.lock(Buddy.ZONE_LOCK);
    merge(pfn, order);
    meter.unlock(Buddy.ZONE_LOCK);
  }

  /** Gives the coldest pages of the per-CPU list back to their buddies. */
  void drain(int most) {
    int pages = Math.min(most, perCpu.count());
    if (pages > 0) {
      meter.lock(Buddy.ZONE_LOCK);
      for (int i = 0; i < pages; i++) {
        merge(perCpu.popColdest(), 0);
      }
      meter.unlock(Buddy.ZONE_LOCK);
    }
  }

  private void merge(long pfn, int order) {
    long first = pfn;
    int at = order;
    setState(first, 0);
    while (at < Buddy.MAX_ORDER && stateOf(first ^ (1L << at)) == freeState(at)) {
      setState(first ^ (1L << at), 0);
      lists[at].live--;
      first &= ~(1L << at);
      at++;
    }
    meter.count(Buddy.MERGED, at - order);
    push(first, at);
  }

  private long pop(int order) {
    FreeList list = lists[order];
    while (list.live > 0) {
      long pfn = list.stack[--list.size];
      if (stateOf(pfn) == freeState(order)) {
        setState(pfn, 0);
        list.live--;
        return pfn;
      }
    }
    list.size = 0;
    return list.takeFresh(order);
  }

  private void push(long pfn, int order) {
    FreeList list = lists[order];
    if (list.size > 2 * list.live + 64) {
      compact(list, order);
    }
    setState(pfn, freeState(order));
    list.push(pfn);
  }

  /** Drops entries that no longer count, keeping for each block its latest. */
  private void compact(FreeList list, int order) {
    int to = list.size;
    for (int i = list.size - 1; i >= 0; i--) {
      long pfn = list.stack[i];
      if (stateOf(pfn) == freeState(order)) {
        setState(pfn, freeState(order) | SEEN);
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
    return ((long) order << Chunk.INDEX_SHIFT) | Frames.BUDDY;
  }

  private long stateOf(long pfn) {
    Chunk chunk = chunks.find(pfn);
    return chunk == null || !chunk.hasPages() ? 0 : chunk.meta[(int) pfn & (Chunk.FRAMES - 1)];
  }

  private void setState(long pfn, long state) {
    chunks.touch(pfn).meta[(int) pfn & (Chunk.FRAMES - 1)] = state;
  }

  /** Whether a free block begins at the frame, or it is a single free page. */
  boolean isFreeHead(long pfn) {
    return (stateOf(pfn) & Frames.BUDDY) != 0;
  }

  /** How many free blocks the frame lies in: one if it is free, none if it is not. */
  int freeBlocksAround(long pfn) {
    int around = stateOf(pfn) == freeState(PER_CPU) ? 1 : 0;
    for (int order = 0; order <= Buddy.MAX_ORDER; order++) {
      if (stateOf(pfn & -(1L << order)) == freeState(order) || lists[order].isFresh(pfn, order)) {
        around++;
      }
    }
    return around;
  }

  long managedPages() {
    return managed;
  }

  long freePages() {
    long pages = perCpu.count();
    for (int order = 0; order <= Buddy.MAX_ORDER; order++) {
      pages += freeBlocks(order) << order;
    }
    return pages;
  }

  long freeBlocks(int order) {
    return lists[order].live + lists[order].freshBlocks();
  }

  void reset() {
    for (FreeList list : lists) {
      list.reset();
    }
    perCpu.reset();
  }

  /** The lists of another zone object over the same memory; the frames' states are not copied. */
  void assign(ZoneBlocks other) {
    for (int order = 0; order <= Buddy.MAX_ORDER; order++) {
      lists[order].assign(other.lists[order]);
    }
    perCpu.assign(other.perCpu);
  }

  ZoneBlocks copy() {
    ZoneBlocks copy = new ZoneBlocks(meter, chunks);
    copy.assign(this);
    return copy;
  }
}
