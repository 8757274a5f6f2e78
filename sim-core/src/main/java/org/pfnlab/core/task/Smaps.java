package org.pfnlab.core.task;

import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pagetable.PteCursor;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.HugeAnon;

/** /proc/pid/smaps (fs/proc/task_mmu.c): what one VMA has in memory. */
public final class Smaps {
  /** VM_PFNMAP VMAs are walked, so that their private copies are counted. */
  public static final Feature SMAPS_WALKS_PFNMAP =
      Feature.define(
          "SMAPS_WALKS_PFNMAP",
          "in 6.12 and 6.18.2, not in 6.1.192: walk_page_vma no longer skips VM_PFNMAP",
          Releases.since("v6.12"));

  /** pss is kept with 12 fractional bits. */
  private static final int PSS_SHIFT = 12;

  /**
   * Counts of one VMA, in pages but for pss.
   *
   * @param rss pages with a struct page
   * @param exclusive mapped exactly once in the system (Private_*)
   * @param shared mapped more than once (Shared_*)
   * @param anonymous anonymous among them
   * @param huge pages of huge pages that one entry maps (AnonHugePages)
   * @param pssKb proportional share, in kB
   * @param lockedKb the proportional share if the VMA is locked, in kB
   */
  public record Counts(
      long rss,
      long exclusive,
      long shared,
      long anonymous,
      long huge,
      long pssKb,
      long lockedKb) {}

  private final Frames frames;
  private final NormalPage normalPage;
  private final boolean walksPfnmap;
  private final PteCursor cursor = new PteCursor();

  /** Counts by the rules of this kernel. */
  public Smaps(Kernel kernel, Frames frames, NormalPage normalPage) {
    this.frames = frames;
    this.normalPage = normalPage;
    this.walksPfnmap = kernel.has(SMAPS_WALKS_PFNMAP);
  }

  /** Counts one VMA. */
  public Counts of(Vma vma) {
    if (vma.has(VmFlags.VM_PFNMAP) && !walksPfnmap) {
      return new Counts(0, 0, 0, 0, 0, 0, 0);
    }
    long rss = 0;
    long exclusive = 0;
    long anonymous = 0;
    long huge = 0;
    long pss = 0;
    cursor.reset(vma.mm.pageTable, vma.start, vma.end);
    while (cursor.next()) {
      boolean isHuge = HugeAnon.isIn(vma, cursor.level());
      if ((cursor.level() > 1 && !isHuge) || !Pte.present(cursor.value())) {
        continue;
      }
      long first = isHuge ? hugePage(vma) : normalPage.of(vma, cursor.addr(), cursor.value());
      if (first < 0) {
        continue;
      }
      int pages = isHuge ? HugeAnon.PAGES : 1;
      for (long pfn = first; pfn < first + pages; pfn++) {
        int mapcount = Math.max(1, frames.mapcount(pfn));
        exclusive += mapcount == 1 ? 1 : 0;
        anonymous += frames.has(pfn, Frames.ANON) ? 1 : 0;
        pss += (4096L << PSS_SHIFT) / mapcount;
      }
      rss += pages;
      huge += isHuge ? pages : 0;
    }
    long pssKb = pss >>> (10 + PSS_SHIFT);
    return new Counts(
        rss,
        exclusive,
        rss - exclusive,
        anonymous,
        huge,
        pssKb,
        vma.has(VmFlags.VM_LOCKED) ? pssKb : 0);
  }

  /** The first page behind the cursor's huge leaf, or -1 for the huge zero page. */
  private long hugePage(Vma vma) {
    return normalPage.ofHuge(vma, cursor.addr(), cursor.value(), cursor.level());
  }
}
