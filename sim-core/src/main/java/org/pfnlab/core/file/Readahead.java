package org.pfnlab.core.file;

import org.pfnlab.core.mm.FileRaState;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/**
 * Readahead (mm/readahead.c; do_sync_mmap_readahead and do_async_mmap_readahead in mm/filemap.c):
 * which pages of a regular file a miss brings into the page cache, and which of them carries the
 * mark that starts the next readahead. The pages come from holes here, so they are zero, but
 * mincore and fault-around see them.
 *
 * <p>As recorded in 6.18.44. Left out: exec_folio_order, which x86 does not have; congestion;
 * FMODE_RANDOM. Large folios exist only as pages that share one mark.
 */
final class Readahead {
  /** MMAP_LOTSAMISS: more misses than this, and faults read nothing ahead. */
  private static final int LOTS_OF_MISSES = 100;

  private static final int MOST_MISSES = LOTS_OF_MISSES * 10;

  /** HPAGE_PMD_ORDER. */
  private static final int HUGE_ORDER = 9;

  /** ra_pages: the most that one window holds. */
  private final int pages;

  /**
   * Readahead as the device allows.
   *
   * @param pages ra_pages: read_ahead_kb of the disk, in pages
   */
  Readahead(int pages) {
    this.pages = pages;
  }

  /** do_sync_mmap_readahead: a fault of this VMA found nothing at the index. */
  void faultMissed(OpenFile opened, PageCacheFile file, Vma vma, long index) {
    FileRaState ra = opened.readahead;
    if (vma.has(VmFlags.VM_HUGEPAGE)) {
      ra.start = index & -(1L << HUGE_ORDER);
      ra.size = vma.has(VmFlags.VM_RAND_READ) ? 1 << HUGE_ORDER : 2 << HUGE_ORDER;
      ra.asyncSize = 1 << HUGE_ORDER;
      ra.order = HUGE_ORDER;
      readOrder(file, ra);
    } else if (vma.has(VmFlags.VM_RAND_READ) && !vma.has(VmFlags.VM_EXEC)) {
      return;
    } else if (vma.has(VmFlags.VM_SEQ_READ)) {
      sync(opened, file, index, pages);
    } else {
      ra.mmapMiss = Math.min(ra.mmapMiss + 1, MOST_MISSES);
      if (ra.mmapMiss <= LOTS_OF_MISSES) {
        around(file, vma, index, ra);
      }
    }
  }

  /** Before the fault and behind it; code is only read from there to the end of its VMA. */
  private void around(PageCacheFile file, Vma vma, long index, FileRaState ra) {
    if (vma.has(VmFlags.VM_EXEC)) {
      ra.start = index;
      ra.size = Math.min(pages, vma.pgoff + vma.pages() - index);
      ra.asyncSize = 0;
    } else {
      ra.start = Math.max(0, index - pages / 2);
      ra.size = pages;
      ra.asyncSize = pages / 4;
    }
    ra.order = 0;
    readOrder(file, ra);
  }

  /** do_async_mmap_readahead: a fault found its page in the cache. */
  void faultHit(OpenFile opened, PageCacheFile file, Vma vma, long index) {
    if (vma.has(VmFlags.VM_RAND_READ)) {
      return;
    }
    FileRaState ra = opened.readahead;
    ra.mmapMiss = Math.max(ra.mmapMiss - 1, 0);
    if (file.marks.has(index)) {
      async(opened, file, index, 1);
    }
  }

  /** filemap_map_pages passed this many cached pages. */
  static void mapped(OpenFile opened, int count) {
    FileRaState ra = opened.readahead;
    ra.mmapMiss = Math.max(ra.mmapMiss - count, 0);
  }

  /** filemap_get_pages: read(2) wants the pages [first, behind), which lie inside the file. */
  void read(OpenFile opened, PageCacheFile file, long first, long behind) {
    for (long index = first; index < behind; index++) {
      if (!file.hasPage(index)) {
        sync(opened, file, index, behind - index);
      }
      file.pageOrNew(index);
      if (file.marks.has(index)) {
        async(opened, file, index, behind - index);
      }
    }
  }

  /** page_cache_sync_ra: nothing is cached at the index. */
  private void sync(OpenFile opened, PageCacheFile file, long index, long wanted) {
    FileRaState ra = opened.readahead;
    long most = pages;
    long previous = ra.prevPos >>> 12;
    if (index == 0 || wanted > most || (index - previous >= 0 && index - previous <= 1)) {
      ra.start = index;
      ra.size = initialSize(wanted, most);
      ra.asyncSize = ra.size > wanted ? ra.size - wanted : ra.size >>> 1;
    } else {
      long history = file.cachedBefore(index, most);
      if (history <= wanted) {
        read(file, index, wanted, 0);
        return;
      }
      ra.start = index;
      ra.size = Math.min((history == index ? 2 * history : history) + wanted, most);
      ra.asyncSize = 1;
    }
    ra.order = 0;
    readOrder(file, ra);
  }

  /** page_cache_async_ra: somebody reached the marked page. */
  private void async(OpenFile opened, PageCacheFile file, long index, long wanted) {
    FileRaState ra = opened.readahead;
    long folio = file.marks.folio(index);
    int folioPages = file.marks.clear(index);
    long expected = (ra.start + ra.size - ra.asyncSize) & -folioPages;
    if (folio == expected) {
      ra.start += ra.size;
      ra.size = Math.max(ra.size, nextSize(ra.size));
    } else {
      long miss = file.missFrom(folio + 1, pages);
      if (miss - folio > pages) {
        return;
      }
      ra.start = miss;
      ra.size = nextSize(miss - folio + wanted);
    }
    ra.order += 2;
    ra.asyncSize = ra.size;
    readOrder(file, ra);
  }

  /** get_init_ra_size. */
  private static long initialSize(long wanted, long most) {
    long rounded = wanted <= 1 ? 1 : Long.highestOneBit(wanted - 1) << 1;
    if (rounded <= most / 32) {
      return rounded * 4;
    }
    return rounded <= most / 4 ? rounded * 2 : most;
  }

  /** get_next_ra_size. */
  private long nextSize(long size) {
    if (size < pages / 16) {
      return 4 * size;
    }
    return size <= pages / 2 ? 2 * size : pages;
  }

  /**
   * page_cache_ra_order: fills the window with folios of the order asked for, smaller ones where
   * they must be; once something is cached already, page by page.
   */
  private static void readOrder(PageCacheFile file, FileRaState ra) {
    long last = file.sizeInPages() - 1;
    long limit = Math.min(last, ra.start + ra.size - 1);
    int most = Math.min(ra.order, 63 - Long.numberOfLeadingZeros(Math.max(ra.size, 1)));
    ra.order = most;
    long mark = ra.start + ra.size - ra.asyncSize;
    long index = ra.start;
    while (index <= limit) {
      int order = Math.min(most, Long.numberOfTrailingZeros(index | 1L << HUGE_ORDER));
      while (order > 0 && index + (1L << order) - 1 > limit) {
        order--;
      }
      long behind = index + (1L << order);
      if (!file.isMissing(index, behind)) {
        read(file, index, ra.size - (index - ra.start), ra.asyncSize);
        return;
      }
      for (long page = index; page < behind; page++) {
        if (file.pageOrNew(page) < 0) {
          return;
        }
      }
      if (index == (mark & -(1L << order)) && ra.asyncSize > 0) {
        file.marks.set(index, behind);
      }
      index = behind;
    }
  }

  /** do_page_cache_ra: single pages; one that is cached is passed over. */
  private static void read(PageCacheFile file, long first, long count, long asyncSize) {
    long inside = Math.min(count, file.sizeInPages() - first);
    long mark = asyncSize > 0 && asyncSize <= inside ? first + inside - asyncSize : -1;
    for (long index = first; index < first + inside; index++) {
      if (file.hasPage(index)) {
        continue;
      }
      if (file.pageOrNew(index) < 0) {
        return;
      }
      if (index == mark) {
        file.marks.set(index, index + 1);
      }
    }
  }

  /** force_page_cache_ra: pages [first, behind), as far as the file reaches. */
  static void force(PageCacheFile file, long first, long behind) {
    read(file, first, behind - first, 0);
  }
}
