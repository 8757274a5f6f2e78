package org.pfnlab.core.task;

import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.HugeAnon;

/**
 * /proc/pid/pagemap (fs/proc/task_mmu.c). A VM_PFNMAP VMA is skipped: whatever its entries are, its
 * pages read as absent.
 */
public final class Pagemap {
  /** PM_PRESENT. */
  public static final int PRESENT = 1;

  /** PM_FILE: a page of a file or of shared memory. */
  public static final int FILE = 2;

  /** PM_MMAP_EXCLUSIVE: mapped exactly once, which is not PageAnonExclusive. */
  public static final int EXCLUSIVE = 4;

  /** PM_GUARD_REGION. */
  public static final int GUARD = 8;

  /** The page is the zero page; pagemap shows it through the page frame number. */
  public static final int ZERO = 16;

  private final Frames frames;
  private final NormalPage normalPage;

  /** Reads by the rules of this kernel. */
  public Pagemap(Kernel kernel, Frames frames, NormalPage normalPage) {
    this.frames = frames;
    this.normalPage = normalPage;
  }

  /** The bits of the page at this address; 0 if it is absent. */
  public int bits(Mm mm, long address) {
    long pte = entry(mm, address);
    if (Pte.isGuard(pte)) {
      return GUARD;
    }
    if (!Pte.present(pte)) {
      return 0;
    }
    if (Pte.pfn(pte) == frames.zeroPfn()) {
      return PRESENT | ZERO;
    }
    Vma vma = mm.vmas.lookup(address);
    if (vma != null && isHuge(vma, address)) {
      long pfn = hugePfn(pte, address);
      // The huge zero page is not anonymous, so it looks like a file's.
      return PRESENT
          | (frames.has(pfn, Frames.ANON) ? 0 : FILE)
          | (frames.mapcount(pfn) == 1 ? EXCLUSIVE : 0);
    }
    long pfn = vma == null ? -1 : normalPage.of(vma, address, pte);
    if (pfn < 0) {
      return PRESENT;
    }
    return PRESENT
        | (frames.has(pfn, Frames.ANON) ? 0 : FILE)
        | (frames.mapcount(pfn) == 1 ? EXCLUSIVE : 0);
  }

  /** The page frame number that pagemap shows for this address; -1 if the page is absent. */
  public long pfn(Mm mm, long address) {
    long pte = entry(mm, address);
    if (!Pte.present(pte)) {
      return -1;
    }
    Vma vma = mm.vmas.lookup(address);
    return vma != null && isHuge(vma, address) ? hugePfn(pte, address) : Pte.pfn(pte);
  }

  private static boolean isHuge(Vma vma, long address) {
    return HugeAnon.isIn(vma, vma.mm.pageTable.levelAt(address));
  }

  private static long hugePfn(long leaf, long address) {
    return Pte.pfn(leaf, HugeAnon.LEVEL) + (address >>> 12 & HugeAnon.PAGES - 1);
  }

  private static long entry(Mm mm, long address) {
    Vma vma = mm.vmas.lookup(address);
    return vma == null || vma.has(VmFlags.VM_PFNMAP) ? 0 : mm.pageTable.get(address & ~0xfffL);
  }
}
