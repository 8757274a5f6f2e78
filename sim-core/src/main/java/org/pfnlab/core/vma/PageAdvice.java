package org.pfnlab.core.vma;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pagetable.PteCursor;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.HugeAnon;
import org.pfnlab.core.rmap.PageRmap;
import org.pfnlab.core.rmap.Zap;

/**
 * The advice about pages: MADV_DONTNEED, MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_COLLAPSE
 * (mm/madvise.c, mm/khugepaged.c).
 *
 * <p>Paging out goes as far as it can without a swap device and with files that read back what they
 * wrote: pages of a page cache are unmapped but stay cached, anonymous ones stay where they are
 * unless MADV_FREE has given them up. Only pages that are on an LRU list count, which those of
 * drivers are not, and only those that are mapped once.
 *
 * <p>Collapsing answers as Linux does but leaves the pages small.
 */
public final class PageAdvice {
  private static final long NOT_ON_LRU = VmFlags.VM_LOCKED | VmFlags.VM_PFNMAP | VmFlags.VM_HUGETLB;

  private static final int LRU = Frames.ANON | Frames.FILE;

  /** MADV_DONTNEED gives back page tables that it has emptied. */
  public static final Feature PT_RECLAIM =
      Feature.define(
          "PT_RECLAIM",
          "6375e95f381e, v6.14: reclaim empty PTE pages in madvise(MADV_DONTNEED)",
          Releases.since("v6.14"));

  private final Frames frames;
  private final NormalPage normalPage;
  private final Zap zap;
  private final PageRmap rmap;
  private final HugeAnon huge;
  private final boolean reclaimsTables;
  private final PteCursor cursor = new PteCursor();

  /** Works on these frames by the rules of this kernel. */
  public PageAdvice(
      Kernel kernel, Frames frames, NormalPage normalPage, Zap zap, PageRmap rmap, HugeAnon huge) {
    this.frames = frames;
    this.normalPage = normalPage;
    this.zap = zap;
    this.rmap = rmap;
    this.huge = huge;
    this.reclaimsTables = kernel.has(PT_RECLAIM);
  }

  /** MADV_DONTNEED, or MADV_DONTNEED_LOCKED: raw frames of a VM_MIXEDMAP VMA go too. */
  long dontNeed(Vma vma, long start, long end, boolean evenLocked) {
    long forbidden = evenLocked ? NOT_ON_LRU & ~VmFlags.VM_LOCKED : NOT_ON_LRU;
    if (vma.hasAny(forbidden)) {
      return -Errno.EINVAL;
    }
    zap.zapRange(vma, start, end);
    if (reclaimsTables) {
      reclaimTables(vma.mm.pageTable, start, end);
    }
    return 0;
  }

  /** Only tables that lie in the range as a whole, and hold no guard markers. */
  private static void reclaimTables(PageTable table, long start, long end) {
    long first = (start + PageTable.PMD_SIZE - 1) & -PageTable.PMD_SIZE;
    for (long at = first; at + PageTable.PMD_SIZE <= end; at += PageTable.PMD_SIZE) {
      table.freeLeafIfEmpty(at);
    }
  }

  /**
   * MADV_FREE: entries and pages become clean, and may be lost until the next store. Huge pages are
   * split, even those that Linux would free as a whole.
   */
  long free(Vma vma, long start, long end) {
    if (vma.hasAny(NOT_ON_LRU) || !vma.isAnonymous()) {
      return -Errno.EINVAL;
    }
    frames.lru().drain();
    for (long at = start; at < end; at = (at & -PageTable.PMD_SIZE) + PageTable.PMD_SIZE) {
      huge.split(vma, at);
    }
    cursor.reset(vma.mm.pageTable, start, end);
    while (cursor.next()) {
      long pfn = page(vma);
      if (pfn < 0) {
        continue;
      }
      if (frames.has(pfn, Frames.DIRTY)) {
        if (frames.mapcount(pfn) != 1) {
          continue;
        }
        frames.clear(pfn, Frames.DIRTY);
      }
      cursor.set(Pte.mkClean(Pte.mkOld(cursor.value())));
      if (frames.has(pfn, Frames.ANON)) {
        frames.set(pfn, Frames.LAZYFREE);
        frames.lru().markLazyfree(pfn);
      }
    }
    return 0;
  }

  /** MADV_COLD. */
  long cold(Vma vma, long start, long end) {
    if (vma.hasAny(NOT_ON_LRU)) {
      return -Errno.EINVAL;
    }
    frames.lru().drain();
    cursor.reset(vma.mm.pageTable, start, end);
    while (cursor.next()) {
      long pfn = page(vma);
      if (isReclaimable(pfn)) {
        cursor.set(Pte.mkOld(cursor.value()));
        frames.lru().deactivate(pfn);
      }
    }
    return 0;
  }

  /** MADV_PAGEOUT. */
  long pageOut(Vma vma, long start, long end) {
    if (vma.hasAny(NOT_ON_LRU)) {
      return -Errno.EINVAL;
    }
    frames.lru().drain();
    cursor.reset(vma.mm.pageTable, start, end);
    while (cursor.next()) {
      long pfn = page(vma);
      if (!isReclaimable(pfn)) {
        continue;
      }
      if (mayLose(vma, pfn, cursor.value())) {
        unmap(vma, pfn);
      } else {
        frames.lru().putBack(pfn);
      }
    }
    return 0;
  }

  /** try_to_unmap of the cursor's entry. */
  private void unmap(Vma vma, long pfn) {
    if (Pte.dirty(cursor.clear())) {
      frames.set(pfn, Frames.DIRTY);
    }
    rmap.remove(vma, pfn);
    frames.put(pfn);
  }

  /** The page behind the cursor's entry, or -1. */
  private long page(Vma vma) {
    long pte = cursor.value();
    return cursor.level() > 1 || !Pte.present(pte) ? -1 : normalPage.of(vma, cursor.addr(), pte);
  }

  private boolean isReclaimable(long pfn) {
    return pfn >= 0 && frames.has(pfn, LRU) && frames.mapcount(pfn) == 1;
  }

  /** try_to_unmap: found through the page's own owner, and only where nothing would be lost. */
  private boolean mayLose(Vma vma, long pfn, long pte) {
    if (frames.has(pfn, Frames.ANON)) {
      return frames.has(pfn, Frames.LAZYFREE)
          && !frames.has(pfn, Frames.DIRTY)
          && !Pte.dirty(pte)
          && frames.refcount(pfn) == 1;
    }
    OpenFile file = vma.file;
    return file != null && frames.mapping(pfn) == file.mapping && !file.mapping.unevictable;
  }

  /**
   * MADV_COLLAPSE.
   *
   * @return 0; -EINVAL where no huge page may be, or the range holds none as a whole, or nothing
   *     was ever touched in one
   */
  long collapse(Vma vma, long start, long end) {
    if (!mayBeHuge(vma)) {
      return -Errno.EINVAL;
    }
    long first = (start + PageTable.PMD_SIZE - 1) & -PageTable.PMD_SIZE;
    long last = end & -PageTable.PMD_SIZE;
    if (first > last) {
      return -Errno.EINVAL;
    }
    for (long at = first; at < last; at += PageTable.PMD_SIZE) {
      if (vma.mm.pageTable.table(at, 1) == null && vma.mm.pageTable.levelAt(at) == 0) {
        return -Errno.EINVAL;
      }
    }
    return 0;
  }

  /** hugepage_vma_check, thp_vma_allowable_order. */
  private static boolean mayBeHuge(Vma vma) {
    long room = (vma.start + PageTable.PMD_SIZE - 1) & -PageTable.PMD_SIZE;
    return !vma.mm.thpDisabled
        && !vma.hasAny(VmFlags.VM_SPECIAL | VmFlags.VM_HUGETLB | VmFlags.VM_NOHUGEPAGE)
        && vma.isAnonymous()
        && room + PageTable.PMD_SIZE <= vma.end;
  }
}
