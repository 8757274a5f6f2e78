package org.pfnlab.drivers.dma;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import java.util.BitSet;
import org.pfnlab.core.kernel.KernelLog;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.phys.Buddy;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.Zone;

/**
 * A CMA area (mm/cma.c): pages side by side that are kept for runs of them. They carry {@link
 * Frames#CMA}, so that long-term pins treat them as the kernel does.
 *
 * <p>Left out: others who borrow free pages of the area, and so migration. Pages that somebody
 * still holds when their run is released go to the page allocator in the end, not back to the area.
 */
public final class CmaArea implements FrameHolder {
  /** The recorded machines booted with 64 MiB. */
  private static final long DEFAULT_PAGES = 16384;

  private static final int BLOCK = 1 << Buddy.MAX_ORDER;

  /** CONFIG_CMA_ALIGNMENT: runs are aligned to their own size, up to 1 MiB. */
  private static final int MAX_ALIGNMENT = 256;

  private final Machine machine;
  private final long first;
  private final int pages;
  private final BitSet taken = new BitSet();
  private final BitSet lost = new BitSet();

  private CmaArea(Machine machine, long first, int pages) {
    this.machine = machine;
    this.first = first;
    this.pages = pages;
    machine.addFrameHolder(this);
  }

  /**
   * Reserves 64 MiB, or as much of that as lies in one piece and leaves three quarters of the free
   * memory to others.
   */
  public static CmaArea reserve(Machine machine) {
    Frames frames = machine.frames();
    long most = Math.min(DEFAULT_PAGES, frames.buddy().freePages() / 4 & -BLOCK);
    long first = -1;
    int have = 0;
    while (have < most) {
      long pfn = frames.alloc(Buddy.MAX_ORDER, Zone.NORMAL);
      if (pfn < 0) {
        break;
      }
      if (have > 0 && pfn != first + have) {
        for (long page = pfn; page < pfn + BLOCK; page++) {
          frames.put(page);
        }
        break;
      }
      first = have == 0 ? pfn : first;
      have += BLOCK;
    }
    for (long page = first; page < first + have; page++) {
      frames.set(page, Frames.CMA);
    }
    return new CmaArea(machine, first, have);
  }

  /**
   * cma_alloc, and the zeroing that its callers do.
   *
   * @param count pages, at least 1
   * @return the first pfn of a run with one reference a page; -1 without room
   */
  public long alloc(long count) {
    if (count > pages) {
      return -1;
    }
    int run = (int) count;
    int alignment = run == 1 ? 1 : Math.min(Integer.highestOneBit(run - 1) << 1, MAX_ALIGNMENT);
    int from = taken.nextClearBit(0);
    while (from + run <= pages) {
      from = (from + alignment - 1) & -alignment;
      int hit = taken.nextSetBit(from);
      if (hit < 0 || hit >= from + run) {
        break;
      }
      from = taken.nextClearBit(hit);
    }
    if (from + run > pages) {
      return -1;
    }
    taken.set(from, from + run);
    for (int page = from; page < from + run; page++) {
      machine.frames().zero(first + page);
    }
    return first + from;
  }

  /**
   * cma_release: free_contig_range drops one reference a page, and warns of pages that somebody
   * else still holds.
   *
   * @param pfn the first page of a run
   * @param count its length
   */
  public void release(long pfn, long count) {
    Frames frames = machine.frames();
    int inUse = 0;
    for (int page = (int) (pfn - first); page < pfn - first + count; page++) {
      if (!taken.get(page) || lost.get(page)) {
        throw new IllegalArgumentException(
            "pfn 0x" + Long.toHexString(first + page) + " was not taken from this CMA area");
      }
      if (frames.refcount(first + page) == 1) {
        taken.clear(page);
      } else {
        inUse++;
        lost.set(page);
        frames.put(first + page);
      }
    }
    if (inUse > 0) {
      KernelLog log = machine.kernel().log();
      log.print(inUse + " pages are still in use!");
      log.warn("free_contig_range", "a page of a freed run has other references");
    }
  }

  /** How many pages are free. */
  public int freePages() {
    return pages - taken.cardinality();
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (int page = lost.nextClearBit(0); page < pages; page = lost.nextClearBit(page + 1)) {
      references.mergeInt(first + page, 1, Integer::sum);
    }
  }
}
