package org.pfnlab.core.pfnmap;

import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;

/**
 * vm_normal_page and its PMD and PUD versions (mm/memory.c): whether the page behind a present
 * entry is the core's business (counted, mapped, in rss), or a raw page frame.
 *
 * <pre>
 *  the architecture has the special bit        it has not: arithmetic on the VMA
 *  -------------------------------------       ------------------------------------------------
 *  not special: the page, whatever the         MIXEDMAP: raw if the frame has no struct page
 *     VMA's flags say                          PFNMAP: raw if pfn == vm_pgoff + index, and always
 *  special in PFNMAP or MIXEDMAP: raw             unless it is a COW mapping; else it was copied
 *  special zero page: raw                      zero page: raw
 *  special elsewhere: a bad page map           otherwise the page
 * </pre>
 *
 * <p>A frame above the memory map is reported as a bad page map. Left out:
 * vm_ops->find_special_page (Xen) and device pages with devmap entries (DAX before v6.15).
 */
public final class NormalPage {
  /** No huge zero page was ever needed. */
  public static final long NO_HUGE_ZERO = -1;

  private static final long RAW = VmFlags.VM_PFNMAP | VmFlags.VM_MIXEDMAP;
  private static final long HUGE_ZERO_PAGES = 512;

  /** vm_normal_page calls. */
  public static final Event ASKED = Event.define("pfnmap.normal_page", "vm_normal_page");

  private final Kernel kernel;
  private final Meter meter;
  private final boolean hasSpecial;
  private final boolean hasHugeSpecial;
  private final boolean common;
  private final long zeroPfn;
  private final Frames frames;
  private final long highestMemmapPfn;
  private long hugeZeroPfn = NO_HUGE_ZERO;

  /** The rules of this kernel for these frames. */
  public NormalPage(Kernel kernel, Frames frames) {
    this.kernel = kernel;
    this.meter = kernel.meter;
    this.frames = frames;
    this.hasSpecial = kernel.has(Arch.ARCH_HAS_PTE_SPECIAL);
    this.hasHugeSpecial = hasSpecial && kernel.has(Arch.ARCH_SUPPORTS_HUGE_PFNMAP);
    this.common = kernel.has(PfnmapFeatures.VM_NORMAL_PAGE_COMMON);
    this.zeroPfn = frames.zeroPfn();
    this.highestMemmapPfn = frames.maxPfn() - 1;
  }

  /** Says where the huge zero page is, or {@link #NO_HUGE_ZERO}. */
  public void setHugeZero(long firstPfn) {
    hugeZeroPfn = firstPfn;
  }

  /**
   * vm_normal_page.
   *
   * @param addr the address that the entry maps
   * @param pte a present 4K entry
   * @return the pfn of the page, or -1 for a raw frame
   */
  public long of(Vma vma, long addr, long pte) {
    meter.count(ASKED);
    long pfn = Pte.pfn(pte);
    if (hasSpecial) {
      return (pte & Pte.SPECIAL) == 0
          ? unmarked(vma, addr, pte, pfn)
          : special(vma, addr, pte, pfn);
    }
    if (!common && vma.has(VmFlags.VM_MIXEDMAP)) {
      return frames.hasPage(pfn) ? pfn : -1;
    }
    if (isRawByArithmetic(vma, addr, pfn) || isZero(pfn)) {
      return -1;
    }
    return unmarked(vma, addr, pte, pfn);
  }

  /**
   * vm_normal_page_pmd (level 2) and vm_normal_page_pud (level 3). Until v6.18 the special bit,
   * where huge leaves have it, only comes in front of the arithmetic.
   *
   * @param addr the first address that the leaf maps
   * @param leaf a present leaf
   * @return the pfn of the first page, or -1 for raw frames
   */
  public long ofHuge(Vma vma, long addr, long leaf, int level) {
    long pfn = Pte.pfn(leaf, level);
    boolean special = hasHugeSpecial && Pte.special(leaf);
    if (common && hasSpecial) {
      return special ? special(vma, addr, leaf, pfn) : unmarked(vma, addr, leaf, pfn);
    }
    if (special) {
      return -1;
    }
    if (!common && vma.has(VmFlags.VM_MIXEDMAP)) {
      return frames.hasPage(pfn) ? pfn : -1;
    }
    if (isRawByArithmetic(vma, addr, pfn) || isHugeZero(pfn) || (common && pfn == zeroPfn)) {
      return -1;
    }
    if (common) {
      return unmarked(vma, addr, leaf, pfn);
    }
    return pfn > highestMemmapPfn ? -1 : pfn;
  }

  private long unmarked(Vma vma, long addr, long entry, long pfn) {
    if (pfn > highestMemmapPfn) {
      return bad(vma, addr, entry);
    }
    if (common && isZero(pfn)) {
      kernel.log().warnOnce("vm_normal_page", "a zero page is mapped without the special bit");
    }
    return pfn;
  }

  private long special(Vma vma, long addr, long entry, long pfn) {
    return vma.hasAny(RAW) || isZero(pfn) ? -1 : bad(vma, addr, entry);
  }

  /** What VM_PFNMAP and VM_MIXEDMAP say about a frame when no bit marks it. */
  private boolean isRawByArithmetic(Vma vma, long addr, long pfn) {
    if (vma.has(VmFlags.VM_MIXEDMAP)) {
      return !frames.hasPage(pfn);
    }
    return vma.has(VmFlags.VM_PFNMAP) && (pfn == vma.pgoffOf(addr) || !vma.isCowMapping());
  }

  /** Until v6.18 the test of single entries knew only the small zero page. */
  private boolean isZero(long pfn) {
    return pfn == zeroPfn || (common && isHugeZero(pfn));
  }

  /** Whether the frame belongs to the huge zero page (is_huge_zero_pfn). */
  public boolean isHugeZero(long pfn) {
    return hugeZeroPfn != NO_HUGE_ZERO
        && pfn - hugeZeroPfn >= 0
        && pfn - hugeZeroPfn < HUGE_ZERO_PAGES;
  }

  private long bad(Vma vma, long addr, long entry) {
    kernel.log().print("BUG: Bad page map in process %s  pte:%08x".formatted(kernel.comm, entry));
    kernel
        .log()
        .print("addr:%016x vm_flags:%08x index:%x".formatted(addr, vma.flags, vma.pgoffOf(addr)));
    return -1;
  }
}
