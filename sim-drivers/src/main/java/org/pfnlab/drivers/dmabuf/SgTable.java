package org.pfnlab.drivers.dmabuf;

import it.unimi.dsi.fastutil.longs.LongArrayList;

/**
 * sg_table: a buffer as runs of consecutive pages, in order. Without an IOMMU a run's DMA address
 * is its physical one.
 */
public final class SgTable {
  private final LongArrayList pfns = new LongArrayList();
  private final LongArrayList lengths = new LongArrayList();

  /** Appends a run: its first page frame, and its length in pages. */
  public void add(long pfn, long pages) {
    pfns.add(pfn);
    lengths.add(pages);
  }

  /** Number of runs (nents). */
  public int runs() {
    return pfns.size();
  }

  /** First page frame of a run. */
  public long pfn(int run) {
    return pfns.getLong(run);
  }

  /** Length of a run in pages. */
  public long pages(int run) {
    return lengths.getLong(run);
  }

  /** An independent copy, as heaps give one to each attachment. */
  public SgTable copy() {
    SgTable copy = new SgTable();
    copy.pfns.addAll(pfns);
    copy.lengths.addAll(lengths);
    return copy;
  }

  /** sg_page_iter: the pages from this one on. */
  public Pages from(long page) {
    return new Pages(page);
  }

  /** A position in the table that goes on page by page, or run by run. */
  public final class Pages {
    private int run;
    private long inRun;

    private Pages(long page) {
      inRun = page;
      while (run < runs() && inRun >= pages(run)) {
        inRun -= pages(run++);
      }
    }

    /** Whether there is a page here. */
    public boolean hasNext() {
      return run < runs();
    }

    /** The page frame here. */
    public long pfn() {
      return SgTable.this.pfn(run) + inRun;
    }

    /** How many pages of this run are left, this one included. */
    public long left() {
      return pages(run) - inRun;
    }

    /** Goes on by as many pages, at most {@link #left}. */
    public void skip(long pages) {
      inRun += pages;
      if (inRun >= pages(run)) {
        run++;
        inRun = 0;
      }
    }
  }
}
