package org.pfnlab.core.rmap;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pagetable.PteCursor;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.pfnmap.PfnmapTracking;
import org.pfnlab.core.phys.Frames;

/**
 * Clearing page-table entries: zap_pte_range and its callers (mm/memory.c). A normal page loses its
 * mapping, its rss and its reference; a raw frame was never counted and is only cleared.
 */
public final class Zap {
  /** Entries cleared. */
  public static final Event PTE_ZAPPED =
      Event.define("zap.pte", "page-table entries cleared by zap");

  /** Ranges of one VMA zapped outside of munmap, by advice or revocation. */
  public static final Event SINGLE =
      Event.define("zap.single", "zap_page_range, zap_page_range_single");

  /** zap_pte_range, once a table of small entries. */
  public static final Event TABLE = Event.define("zap.table", "zap_pte_range");

  /** unmap_single_vma. */
  public static final Event VMA = Event.define("zap.vma", "unmap_single_vma");

  /** unmap_page_range. */
  public static final Event RANGE = Event.define("zap.range", "unmap_page_range");

  /**
   * Revocation without even_cows spares only anonymous pages; before, it also spared pages whose
   * mapping is not the file's, such as driver pages.
   */
  public static final Feature ZAP_SKIPS_ONLY_ANON =
      Feature.define(
          "ZAP_SKIPS_ONLY_ANON",
          "v5.18: zap_details without check_mapping; vm_insert_page'd pages are revoked too",
          Releases.since("v5.18"));

  private final Meter meter;
  private final Frames frames;
  private final NormalPage normalPage;
  private final PfnmapTracking tracking;
  private final PageRmap rmap;
  private final HugeAnon huge;
  private final boolean skipsOnlyAnon;
  private final PteCursor cursor = new PteCursor();

  /** Works on these frames by these rules. */
  public Zap(
      Kernel kernel,
      Frames frames,
      NormalPage normalPage,
      PfnmapTracking tracking,
      PageRmap rmap,
      HugeAnon huge) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.normalPage = normalPage;
    this.tracking = tracking;
    this.rmap = rmap;
    this.huge = huge;
    this.skipsOnlyAnon = kernel.has(ZAP_SKIPS_ONLY_ANON);
  }

  /** zap_page_range_single as MADV_DONTNEED uses it: everything but guard markers goes. */
  public void zapRange(Vma vma, long start, long end) {
    meter.count(SINGLE);
    zap(vma, start, end, true, null, false);
  }

  /** unmap_vmas for munmap and exit: markers go too, and PAT tracking of the piece ends. */
  public void unmapSingleVma(Vma vma, long start, long end) {
    if (vma.has(VmFlags.VM_PFNMAP)) {
      tracking.untrack(vma);
    }
    zap(vma, start, end, true, null, true);
  }

  /** What unmap_mapping_range does to one VMA; before v6.16 it ends PAT tracking as well. */
  void revoke(Vma vma, long start, long end, boolean evenCows, AddressSpace mapping) {
    meter.count(SINGLE);
    if (vma.has(VmFlags.VM_PFNMAP)) {
      tracking.untrack(vma);
    }
    zap(vma, start, end, evenCows, mapping, false);
  }

  /**
   * zap_vma_ptes: for drivers that revoke one VMA; does nothing unless the range lies inside it and
   * it is VM_PFNMAP.
   */
  public void zapVmaPtes(Vma vma, long start, long size) {
    if (start >= vma.start && start + size <= vma.end && vma.has(VmFlags.VM_PFNMAP)) {
      revoke(vma, start, start + size, true, AddressSpace.ofDevice());
    }
  }

  private void zap(
      Vma vma,
      long start,
      long end,
      boolean evenCows,
      @Nullable AddressSpace mapping,
      boolean dropMarkers) {
    meter.count(RANGE);
    if (meter.tracing) {
      meter.enter("unmap_page_range", start, end);
    }
    huge.splitAcross(vma, start);
    huge.splitAcross(vma, end);
    long cleared = 0;
    cursor.reset(vma.mm.pageTable, start, end);
    while (cursor.next()) {
      long pte = cursor.value();
      if (!Pte.present(pte)) {
        if (dropMarkers || !Pte.isGuard(pte)) {
          cursor.clear();
          cleared++;
        }
        continue;
      }
      if (cursor.level() > 1) {
        zapHuge(vma);
        cleared++;
        continue;
      }
      long pfn = normalPage.of(vma, cursor.addr(), pte);
      if (pfn >= 0) {
        if (!evenCows && spares(pfn, mapping)) {
          continue;
        }
        if (!frames.has(pfn, Frames.ANON)) {
          leaveFilePage(vma, pfn, pte);
        }
        cursor.clear();
        rmap.remove(vma, pfn);
        frames.put(pfn);
      } else {
        cursor.clear();
      }
      cleared++;
    }
    meter.count(TABLE, cursor.tables());
    meter.count(PTE_ZAPPED, cleared);
    if (meter.tracing) {
      meter.exit("unmap_page_range", cleared);
    }
  }

  /**
   * A leaf of raw frames goes as a whole, even if only part of it was asked for: what is left
   * faults in again. One of anonymous memory was split before, unless all of it goes.
   */
  private void zapHuge(Vma vma) {
    if (HugeAnon.isIn(vma, cursor.level())) {
      huge.remove(vma, cursor.clear());
      return;
    }
    long pfn = normalPage.ofHuge(vma, cursor.addr(), cursor.value(), cursor.level());
    if (pfn >= 0) {
      throw new IllegalStateException("huge leaves of counted pages are not modelled yet");
    }
    cursor.clear();
  }

  /** The entry's dirty and accessed bits are the page's news now. */
  private void leaveFilePage(Vma vma, long pfn, long pte) {
    if (Pte.dirty(pte)) {
      frames.set(pfn, Frames.DIRTY);
    }
    if (Pte.young(pte) && !vma.hasAny(VmFlags.VM_SEQ_READ | VmFlags.VM_RAND_READ)) {
      frames.lru().markAccessed(pfn);
    }
  }

  private boolean spares(long pfn, @Nullable AddressSpace mapping) {
    if (frames.has(pfn, Frames.ANON)) {
      return true;
    }
    return !skipsOnlyAnon && frames.mapping(pfn) != mapping;
  }
}
