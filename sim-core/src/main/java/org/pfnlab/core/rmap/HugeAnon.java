package org.pfnlab.core.rmap;

import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.phys.Frames;

/**
 * Huge leaves of anonymous memory (pmd_trans_huge, mm/huge_memory.c) and how they are split.
 *
 * <p>Every frame of a huge page keeps its own counts here, as if it were mapped by an entry of its
 * own, so that splitting a leaf changes the page table and nothing else. Left out: folios. A page
 * of a huge page is free as soon as nobody maps it, and whether it is reused after a fork depends
 * on its own references only.
 */
public final class HugeAnon {
  /** The level of their leaves. */
  public static final int LEVEL = 2;

  /** Frames of a huge page. */
  public static final int PAGES = 512;

  private final Frames frames;
  private final NormalPage normalPage;
  private final PageRmap rmap;

  /** Works on these frames. */
  public HugeAnon(Frames frames, NormalPage normalPage, PageRmap rmap) {
    this.frames = frames;
    this.normalPage = normalPage;
    this.rmap = rmap;
  }

  /** Whether a leaf of this level in this VMA is a huge page of anonymous memory. */
  public static boolean isIn(Vma vma, int level) {
    return level == LEVEL && vma.isAnonymous() && !vma.hasAny(VmFlags.VM_SPECIAL);
  }

  /**
   * The first frame of a present leaf of anonymous memory, or -1 for the huge zero page, which is
   * nobody's.
   */
  public long first(long leaf) {
    long pfn = Pte.pfn(leaf, LEVEL);
    return normalPage.isHugeZero(pfn) ? -1 : pfn;
  }

  /** Whether all frames from this one on are exclusive to one process. */
  public boolean isExclusive(long first) {
    for (long pfn = first; pfn < first + PAGES; pfn++) {
      if (!frames.has(pfn, Frames.ANON_EXCLUSIVE)) {
        return false;
      }
    }
    return true;
  }

  /**
   * __split_huge_pmd: the huge leaf of anonymous memory that covers the address, if any, becomes
   * 512 entries; for the huge zero page they show the small one.
   */
  public void split(Vma vma, long address) {
    PageTable table = vma.mm.pageTable;
    if (!isIn(vma, table.levelAt(address))) {
      return;
    }
    long leaf = table.get(address);
    table.splitHuge(address);
    if (first(leaf) < 0) {
      long zero = Pte.mkSpecial(Pte.of(frames.zeroPfn(), vma.pageProt));
      table.leafAlloc(address).fill(0, PAGES, zero, 0);
    }
  }

  /** Splits the leaf that a border at this address would cut. */
  public void splitAcross(Vma vma, long address) {
    if ((address & (PageTable.PMD_SIZE - 1)) != 0) {
      split(vma, address);
    }
  }

  /**
   * Splits what move_page_tables cannot move as a whole from [from, from + length) to another
   * address.
   */
  public void splitForMove(Vma vma, long from, long to, long length) {
    PageTable table = vma.mm.pageTable;
    long end = from + length;
    long at = from;
    while (at < end) {
      long next = (at & -PageTable.PMD_SIZE) + PageTable.PMD_SIZE;
      long target = to + (at - from);
      boolean fits =
          ((at | target) & (PageTable.PMD_SIZE - 1)) == 0
              && next <= end
              && table.leaf(target) == null;
      if (!fits) {
        split(vma, at);
      }
      at = next;
    }
  }

  /** The frames of a leaf that was cleared lose their mapping (zap_huge_pmd). */
  void remove(Vma vma, long leaf) {
    long first = first(leaf);
    if (first < 0) {
      return;
    }
    for (long pfn = first; pfn < first + PAGES; pfn++) {
      rmap.remove(vma, pfn);
      frames.put(pfn);
    }
  }
}
