package org.pfnlab.core.phys;

import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;

/**
 * The page allocator (mm/page_alloc.c): blocks of 2^0 to 2^10 pages, three zones with the lower
 * ones as fallback, halves split off and merged by the buddy rule, single freed pages kept at hand
 * on a per-CPU list.
 *
 * <p>Deterministic: the page or block that came back last goes out first; fresh blocks go out by
 * rising address. Memory that nobody took costs nothing. Left out: migrate types, watermarks,
 * reclaim, NUMA, more than one CPU.
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

  private static final Zone[] ZONES = Zone.values();

  private final ChunkMap chunks;
  private final ZoneBlocks[] zones = new ZoneBlocks[ZONES.length];

  Buddy(Meter meter, MemoryMap memory, ChunkMap chunks, long zeroPfn) {
    this.chunks = chunks;
    for (Zone zone : ZONES) {
      ZoneBlocks blocks = new ZoneBlocks(meter, chunks);
      zones[zone.index()] = blocks;
      for (int range = 0; range < memory.ranges(); range++) {
        long low = Math.max(MemoryMap.LOW_PFNS, zone.firstPfn());
        long first = Math.max(memory.firstPfn(range), low);
        long end = Math.min(memory.endPfn(range), zone.endPfn());
        if (zeroPfn >= first && zeroPfn < end) {
          blocks.addRange(first, zeroPfn);
          first = zeroPfn + 1;
        }
        if (memory.imageStart() >= first && memory.imageStart() < end) {
          blocks.addRange(first, memory.imageStart());
          first = memory.imageEnd();
        }
        blocks.addRange(first, Math.max(first, end));
      }
    }
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
      long pfn = order == 0 ? zones[zone].takePage() : zones[zone].takeBlock(order);
      if (pfn >= 0) {
        return pfn;
      }
    }
    return order == 0 ? -1 : allocDrained(order, highest);
  }

  /** The pages on the per-CPU lists may be what keeps a large block apart (drain_all_pages). */
  private long allocDrained(int order, Zone highest) {
    drain();
    for (int zone = highest.index(); zone >= 0; zone--) {
      long pfn = zones[zone].takeBlock(order);
      if (pfn >= 0) {
        return pfn;
      }
    }
    return -1;
  }

  /**
   * Gives a block back (free_pages without its struct page work).
   *
   * @throws IllegalStateException if it is no block, or its first frame is free already
   */
  public void free(long pfn, int order) {
    if ((pfn & ((1L << order) - 1)) != 0 || !chunks.isManaged(pfn)) {
      throw Frames.broken(pfn, "is no block of order " + order + " of this allocator");
    }
    ZoneBlocks zone = zoneOf(pfn);
    if (zone.isFreeHead(pfn)) {
      throw Frames.broken(pfn, "is freed twice");
    }
    if (order == 0) {
      zone.givePage(pfn);
    } else {
      zone.giveBlock(pfn, order);
    }
  }

  private ZoneBlocks zoneOf(long pfn) {
    return zones[Zone.of(pfn).index()];
  }

  /** Empties the per-CPU lists, so that all free buddies are merged (drain_all_pages). */
  public void drain() {
    for (ZoneBlocks zone : zones) {
      zone.drain(Integer.MAX_VALUE);
    }
  }

  int freeBlocksAround(long pfn) {
    return zoneOf(pfn).freeBlocksAround(pfn);
  }

  /** Pages that the allocator looks after, free or not (managed_pages of all zones). */
  public long managedPages() {
    long pages = 0;
    for (ZoneBlocks zone : zones) {
      pages += zone.managedPages();
    }
    return pages;
  }

  /** Free pages of a zone, those on the per-CPU list included. */
  public long freePages(Zone zone) {
    return zones[zone.index()].freePages();
  }

  /** Free pages of all zones. */
  public long freePages() {
    return freePages(Zone.DMA) + freePages(Zone.DMA32) + freePages(Zone.NORMAL);
  }

  /** Free blocks of one order in a zone: a column of /proc/buddyinfo. */
  public long freeBlocks(Zone zone, int order) {
    return zones[zone.index()].freeBlocks(order);
  }

  void reset() {
    for (ZoneBlocks zone : zones) {
      zone.reset();
    }
  }

  ZoneBlocks[] snapshot() {
    ZoneBlocks[] copies = new ZoneBlocks[zones.length];
    for (int i = 0; i < copies.length; i++) {
      copies[i] = zones[i].copy();
    }
    return copies;
  }

  void restore(ZoneBlocks[] copies) {
    for (int i = 0; i < copies.length; i++) {
      zones[i].assign(copies[i]);
    }
  }
}
