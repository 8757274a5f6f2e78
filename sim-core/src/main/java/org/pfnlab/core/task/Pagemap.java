package org.pfnlab.core.task;

import org.jspecify.annotations.Nullable;
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

  /** Where {@link #look} has the page frame number. */
  public static final int PFN_SHIFT = 5;

  private static final int ALL = (1 << PFN_SHIFT) - 1;

  private final Frames frames;
  private final NormalPage normalPage;

  /** Reads by the rules of this kernel. */
  public Pagemap(Kernel kernel, Frames frames, NormalPage normalPage) {
    this.frames = frames;
    this.normalPage = normalPage;
  }

  /** The bits of the page at this address; 0 if it is absent. */
  public int bits(Mm mm, long address) {
    return (int) look(mm, mm.vmas.lookup(address), address) & ALL;
  }

  /** The page frame number that pagemap shows for this address; -1 if the page is absent. */
  public long pfn(Mm mm, long address) {
    long seen = look(mm, mm.vmas.lookup(address), address);
    return (seen & PRESENT) == 0 ? -1 : seen >>> PFN_SHIFT;
  }

  /**
   * Both in one look.
   *
   * @param vma the VMA that holds the address, or null
   * @return the page frame number, 0 if the page is absent, shifted left by {@link #PFN_SHIFT}, and
   *     the bits
   */
  public long look(Mm mm, @Nullable Vma vma, long address) {
    if (vma == null || vma.has(VmFlags.VM_PFNMAP)) {
      return 0;
    }
    long pte = mm.pageTable.get(address & ~0xfffL);
    if (!Pte.present(pte)) {
      return Pte.isGuard(pte) ? GUARD : 0;
    }
    boolean huge = isHuge(vma, address);
    long shown = huge ? hugePfn(pte, address) : Pte.pfn(pte);
    return shown << PFN_SHIFT | PRESENT | presentBits(vma, address, pte, huge);
  }

  private int presentBits(Vma vma, long address, long pte, boolean huge) {
    if (Pte.pfn(pte) == frames.zeroPfn()) {
      return ZERO;
    }
    // The huge zero page is not anonymous, so it looks like a file's.
    long pfn = huge ? hugePfn(pte, address) : normalPage.of(vma, address, pte);
    return pfn < 0
        ? 0
        : (frames.has(pfn, Frames.ANON) ? 0 : FILE) | (frames.mapcount(pfn) == 1 ? EXCLUSIVE : 0);
  }

  private static boolean isHuge(Vma vma, long address) {
    return HugeAnon.isIn(vma, vma.mm.pageTable.levelAt(address));
  }

  private static long hugePfn(long leaf, long address) {
    return Pte.pfn(leaf, HugeAnon.LEVEL) + (address >>> 12 & HugeAnon.PAGES - 1);
  }
}
