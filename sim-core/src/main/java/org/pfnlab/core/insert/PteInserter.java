package org.pfnlab.core.insert;

import static org.pfnlab.core.kernel.Errno.EBUSY;
import static org.pfnlab.core.kernel.Errno.EFAULT;
import static org.pfnlab.core.kernel.Errno.EINVAL;
import static org.pfnlab.core.kernel.Errno.ENOMEM;
import static org.pfnlab.core.kernel.Errno.ENXIO;
import static org.pfnlab.core.mm.VmFlags.VM_MIXEDMAP;
import static org.pfnlab.core.mm.VmFlags.VM_PFNMAP;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pfnmap.PfnModify;
import org.pfnlab.core.pfnmap.PfnmapTracking;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.PageRmap;

/**
 * The inserters of single pages (mm/memory.c): vm_insert_page and its kin put in a counted page,
 * vmf_insert_pfn a raw frame, vmf_insert_mixed either, by the architecture.
 *
 * <p>Addresses are bytes, frames are pfns, protections are PTE bits that are used literally. The
 * vm_* functions answer 0 or -errno, the vmf_* functions {@link VmFault} bits. What the kernel
 * asserts is a {@link KernelBug} here, with nothing changed. Left out: running out of page tables.
 */
public final class PteInserter {
  private static final long EITHER = VM_PFNMAP | VM_MIXEDMAP;
  private static final int BATCH = 8;

  private final Meter meter;
  private final Frames frames;
  private final PfnmapTracking tracking;
  private final PfnModify pfnModify;
  private final PfnEntries pfnEntries;
  private final PageEntries pageEntries;
  private final @Nullable BeforePteInsert hook;
  private final boolean mixedRefuses;
  private final boolean hasSpecial;
  private int pagesLeft;

  /** Inserts by the rules of this kernel. */
  public PteInserter(Kernel kernel, Frames frames, PfnmapTracking tracking, PageRmap rmap) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.tracking = tracking;
    this.pfnModify = new PfnModify(kernel, frames);
    this.pfnEntries = new PfnEntries(kernel, frames);
    this.pageEntries = new PageEntries(kernel, frames, rmap, pfnEntries);
    this.hook = kernel.hooks().get(BeforePteInsert.POINT);
    this.mixedRefuses = kernel.has(InsertFeatures.INSERT_MIXED_REFUSES);
    this.hasSpecial = kernel.has(Arch.ARCH_HAS_PTE_SPECIAL);
  }

  /**
   * vm_insert_page: an ordinary entry for a page, which gets a reference, a mapping and rss. Sets
   * VM_MIXEDMAP, for which mmap_lock must be held for writing.
   *
   * @return 0; -EFAULT outside of the VMA; -EINVAL for a free, anonymous, slab or typed page;
   *     -EBUSY if an entry is there already
   */
  public long vmInsertPage(Vma vma, long address, long pfn) {
    if (!meter.tracing) {
      return insertPage(vma, address, pfn);
    }
    meter.enter("vm_insert_page", address, pfn);
    long result = insertPage(vma, address, pfn);
    meter.exit("vm_insert_page", result);
    return result;
  }

  private long insertPage(Vma vma, long address, long pfn) {
    meter.count(InsertEvents.VM_INSERT_PAGE);
    if (!vma.contains(address)) {
      return -EFAULT;
    }
    if (frames.refcount(pfn) == 0) {
      return -EINVAL;
    }
    setMixedMap(vma);
    long refused = ask(vma, address, pfn, false);
    return refused != 0 ? refused : pageEntries.insert(vma, address, pfn, vma.pageProt, false);
  }

  /**
   * vm_insert_pages: as {@link #vmInsertPage} for consecutive addresses, with one page-table lock
   * for eight. It stops at the first page that fails; {@link #pagesLeft} says how many were not
   * inserted.
   */
  public long vmInsertPages(Vma vma, long address, long[] pfns, int from, int count) {
    meter.count(InsertEvents.VM_INSERT_PAGES);
    pagesLeft = count;
    long last = address + ((long) count << 12) - 1;
    if (!vma.contains(address) || last >= vma.end) {
      return -EFAULT;
    }
    setMixedMap(vma);
    long refused = ask(vma, address, pfns[from], false);
    if (refused != 0) {
      return refused;
    }
    PageTable pageTable = vma.mm.pageTable;
    long at = address;
    while (pagesLeft > 0) {
      PageTable.Table leaf = pageTable.leafAlloc(at);
      int inLeaf = Math.min(pagesLeft, PageTable.ENTRIES - PageTable.index(at));
      for (int done = 0; done < inLeaf; done += BATCH) {
        pageTable.lock();
        for (int n = Math.min(BATCH, inLeaf - done); n > 0; n--, at += PageTable.PAGE_SIZE) {
          long pfn = pfns[from + count - pagesLeft];
          long failed = frames.refcount(pfn) == 0 ? -EINVAL : pageEntries.validate(vma, pfn);
          if (failed == 0) {
            int i = PageTable.index(at);
            failed = pageEntries.intoLeaf(vma, leaf, i, pfn, vma.pageProt, false);
          }
          if (failed != 0) {
            pageTable.unlock();
            return failed;
          }
          pagesLeft--;
        }
        pageTable.unlock();
      }
    }
    return 0;
  }

  /** What the last {@link #vmInsertPages} did not insert: the kernel's *num. */
  public int pagesLeft() {
    return pagesLeft;
  }

  /**
   * vm_map_pages: the whole VMA from an array of pages, beginning at vm_pgoff.
   *
   * @return 0; -ENXIO if the array is too short; what {@link #vmInsertPage} says
   */
  public long vmMapPages(Vma vma, long[] pfns) {
    return mapPages(vma, pfns, vma.pgoff);
  }

  /** vm_map_pages_zero: the same, beginning at the first page whatever vm_pgoff is. */
  public long vmMapPagesZero(Vma vma, long[] pfns) {
    return mapPages(vma, pfns, 0);
  }

  private long mapPages(Vma vma, long[] pfns, long offset) {
    if (offset < 0 || offset >= pfns.length || vma.pages() > pfns.length - offset) {
      return -ENXIO;
    }
    for (int i = (int) offset; i < offset + vma.pages(); i++) {
      long failed = vmInsertPage(vma, vma.start + ((i - offset) << 12), pfns[i]);
      if (failed != 0) {
        return failed;
      }
    }
    return 0;
  }

  /** vmf_insert_page: {@link #vmInsertPage} for fault handlers; -EBUSY is no failure there. */
  public int vmfInsertPage(Vma vma, long address, long pfn) {
    return faultCode(vmInsertPage(vma, address, pfn));
  }

  /**
   * vmf_insert_page with a protection of its own: a counted page, seen as the caller says. In no
   * release: the first way out of D. Hildenbrand's answer of 26 August 2025. The VMA must be
   * VM_MIXEDMAP already.
   */
  public int vmfInsertPageProt(Vma vma, long address, long pfn, long prot) {
    meter.count(InsertEvents.VM_INSERT_PAGE);
    if (!vma.contains(address)) {
      return VmFault.SIGBUS;
    }
    if (frames.refcount(pfn) == 0) {
      return VmFault.SIGBUS;
    }
    setMixedMap(vma);
    long refused = ask(vma, address, pfn, false);
    return faultCode(refused != 0 ? refused : pageEntries.insert(vma, address, pfn, prot, false));
  }

  /**
   * vmf_insert_page_mkwrite (v6.15): an ordinary entry in any VMA; a present entry of the same page
   * becomes writable, another one is VM_FAULT_SIGBUS.
   */
  public int vmfInsertPageMkwrite(Vma vma, long address, long pfn, boolean write) {
    if (!vma.contains(address)) {
      return VmFault.SIGBUS;
    }
    long refused = ask(vma, address, pfn, false);
    return faultCode(
        refused != 0 ? refused : pageEntries.insert(vma, address, pfn, vma.pageProt, write));
  }

  /** vmf_insert_pfn: {@link #vmfInsertPfnProt} with the VMA's protection. */
  public int vmfInsertPfn(Vma vma, long address, long pfn) {
    meter.count(InsertEvents.VMF_INSERT_PFN);
    return vmfInsertPfnProt(vma, address, pfn, vma.pageProt);
  }

  /**
   * vmf_insert_pfn_prot: a raw frame, with the cache mode that PAT knows of it. An entry that is
   * there already stays, and that is success.
   *
   * @return VM_FAULT_NOPAGE; VM_FAULT_SIGBUS outside of the VMA or where L1TF forbids the entry
   * @throws KernelBug unless the VMA is VM_PFNMAP and no COW mapping, or VM_MIXEDMAP and the frame
   *     has no struct page
   */
  public int vmfInsertPfnProt(Vma vma, long address, long pfn, long prot) {
    if (!meter.tracing) {
      return insertPfn(vma, address, pfn, prot);
    }
    meter.enter("vmf_insert_pfn_prot", address, pfn);
    int result = insertPfn(vma, address, pfn, prot);
    meter.exit("vmf_insert_pfn_prot", result);
    return result;
  }

  private int insertPfn(Vma vma, long address, long pfn, long prot) {
    meter.count(InsertEvents.VMF_INSERT_PFN_PROT);
    long kind = vma.flags & EITHER;
    if (kind == VM_PFNMAP) {
      if (vma.isCowMapping()) {
        throw InsertBugs.INSERT_PFN_COW;
      }
    } else if (kind == VM_MIXEDMAP) {
      if (frames.hasPage(pfn)) {
        throw InsertBugs.INSERT_PFN_MIXED_PAGE;
      }
    } else {
      throw kind == 0 ? InsertBugs.INSERT_PFN_ORDINARY_VMA : InsertBugs.INSERT_PFN_BOTH;
    }
    if (!vma.contains(address) || !pfnModify.allowed(pfn, prot)) {
      return VmFault.SIGBUS;
    }
    long refused = ask(vma, address, pfn, true);
    if (refused != 0) {
      return faultCode(refused);
    }
    pfnEntries.insert(vma, address, pfn, tracking.trackInsert(pfn, prot), false);
    return VmFault.NOPAGE;
  }

  /**
   * A raw frame of RAM, with the protection as it is: the caller knows the cache mode, and nobody
   * asks PAT. In no release: the interface declared for RAM only of D. Hildenbrand's answer of 26
   * August 2025 to the bypass of PAT in TTM. Checks are those of {@link #vmfInsertPfnProt}.
   *
   * @return VM_FAULT_NOPAGE; VM_FAULT_SIGBUS outside of the VMA
   * @throws KernelBug unless the VMA is VM_PFNMAP and no COW mapping
   */
  public int vmfInsertPfnRam(Vma vma, long address, long pfn, long prot) {
    long kind = vma.flags & EITHER;
    if (kind != VM_PFNMAP) {
      throw kind == 0 ? InsertBugs.INSERT_PFN_ORDINARY_VMA : InsertBugs.INSERT_PFN_BOTH;
    }
    if (vma.isCowMapping()) {
      throw InsertBugs.INSERT_PFN_COW;
    }
    if (!vma.contains(address)) {
      return VmFault.SIGBUS;
    }
    long refused = ask(vma, address, pfn, true);
    if (refused != 0) {
      return faultCode(refused);
    }
    pfnEntries.insert(vma, address, pfn, prot, false);
    return VmFault.NOPAGE;
  }

  /** vmf_insert_mixed: {@link #vmfInsertMixedProt} with the VMA's protection. */
  public int vmfInsertMixed(Vma vma, long address, long pfn) {
    meter.count(InsertEvents.VMF_INSERT_MIXED);
    return insertMixed(vma, address, pfn, vma.pageProt, false);
  }

  /**
   * vmf_insert_mixed_prot (until v6.4): a raw frame in a VM_MIXEDMAP VMA; where the architecture
   * has no special bit, a frame with a struct page is inserted as {@link #vmInsertPage} would.
   *
   * @return VM_FAULT_NOPAGE, also if an entry is there; VM_FAULT_SIGBUS outside of the VMA, and
   *     since v6.11 in a VMA that is not VM_MIXEDMAP
   * @throws KernelBug in a VMA that is not VM_MIXEDMAP, before v6.11; the zero page may go anywhere
   */
  public int vmfInsertMixedProt(Vma vma, long address, long pfn, long prot) {
    meter.count(InsertEvents.VMF_INSERT_MIXED_PROT);
    return insertMixed(vma, address, pfn, prot, false);
  }

  /** vmf_insert_mixed_mkwrite: the same, and the entry is young, dirty and writable. */
  public int vmfInsertMixedMkwrite(Vma vma, long address, long pfn) {
    meter.count(InsertEvents.VMF_INSERT_MIXED_MKWRITE);
    return insertMixed(vma, address, pfn, vma.pageProt, true);
  }

  private int insertMixed(Vma vma, long address, long pfn, long prot, boolean mkwrite) {
    if (!meter.tracing) {
      return mixed(vma, address, pfn, prot, mkwrite);
    }
    meter.enter("vmf_insert_mixed", address, pfn);
    int result = mixed(vma, address, pfn, prot, mkwrite);
    meter.exit("vmf_insert_mixed", result);
    return result;
  }

  private int mixed(Vma vma, long address, long pfn, long prot, boolean mkwrite) {
    if (!mixedOk(vma, pfn, mkwrite)) {
      if (mixedRefuses) {
        return VmFault.SIGBUS;
      }
      throw InsertBugs.INSERT_MIXED_VMA;
    }
    if (!vma.contains(address)) {
      return VmFault.SIGBUS;
    }
    long tracked = tracking.trackInsert(pfn, prot);
    if (!pfnModify.allowed(pfn, tracked)) {
      return VmFault.SIGBUS;
    }
    boolean counted = !hasSpecial && frames.hasPage(pfn);
    long failed = ask(vma, address, pfn, !counted);
    if (failed == 0 && counted) {
      failed = pageEntries.insert(vma, address, pfn, tracked, mkwrite);
    } else if (failed == 0) {
      pfnEntries.insert(vma, address, pfn, tracked, mkwrite);
    }
    return faultCode(failed);
  }

  /** vm_mixed_ok. */
  private boolean mixedOk(Vma vma, long pfn, boolean mkwrite) {
    boolean zero = pageEntries.isZero(pfn);
    if (mixedRefuses && zero && (mkwrite || !PageEntries.zeroPageAllowed(vma))) {
      return false;
    }
    return vma.has(VM_MIXEDMAP) || zero;
  }

  /**
   * vmf_insert_pfn_pmd (level 2) and vmf_insert_pfn_pud (level 3): one leaf of raw frames, after
   * one question to PAT about the first.
   *
   * @param pfn aligned to the leaf, as the fault's address is once rounded down
   * @param write make it young, dirty and writable; a present leaf of the same frame too
   * @return VM_FAULT_NOPAGE; VM_FAULT_SIGBUS if the leaf would begin outside of the VMA
   * @throws KernelBug as {@link #vmfInsertPfnProt}, but VM_MIXEDMAP may have struct pages
   */
  public int vmfInsertPfnHuge(VmFault fault, long pfn, int level, boolean write) {
    if (!meter.tracing) {
      return insertHuge(fault, pfn, level, write);
    }
    String symbol = level == 2 ? "vmf_insert_pfn_pmd" : "vmf_insert_pfn_pud";
    meter.enter(symbol, fault.address, pfn);
    int result = insertHuge(fault, pfn, level, write);
    meter.exit(symbol, result);
    return result;
  }

  private int insertHuge(VmFault fault, long pfn, int level, boolean write) {
    meter.count(InsertEvents.VMF_INSERT_PFN_HUGE);
    Vma vma = fault.vma();
    long kind = vma.flags & EITHER;
    if (kind == 0) {
      throw InsertBugs.INSERT_HUGE_ORDINARY_VMA;
    }
    if (kind == EITHER) {
      throw InsertBugs.INSERT_HUGE_BOTH;
    }
    if (kind == VM_PFNMAP && vma.isCowMapping()) {
      throw InsertBugs.INSERT_HUGE_COW;
    }
    long address = fault.address & -PageTable.span(level);
    if (!vma.contains(address)) {
      return VmFault.SIGBUS;
    }
    long refused = ask(vma, address, pfn, true);
    if (refused != 0) {
      return faultCode(refused);
    }
    long prot = tracking.trackInsert(pfn, vma.pageProt);
    pfnEntries.insertHuge(vma, address, pfn, prot, level, write);
    return VmFault.NOPAGE;
  }

  private static void setMixedMap(Vma vma) {
    if (!vma.has(VM_MIXEDMAP)) {
      if (!vma.mm.isWriteLocked()) {
        throw InsertBugs.VM_INSERT_PAGE_UNLOCKED;
      }
      if (vma.has(VM_PFNMAP)) {
        throw InsertBugs.VM_INSERT_PAGE_PFNMAP;
      }
      vma.flags |= VM_MIXEDMAP;
    }
  }

  private long ask(Vma vma, long address, long pfn, boolean special) {
    return hook == null ? 0 : hook.beforeInsert(vma, address, pfn, special);
  }

  private static int faultCode(long result) {
    if (result == -ENOMEM) {
      return VmFault.OOM;
    }
    return result < 0 && result != -EBUSY ? VmFault.SIGBUS : VmFault.NOPAGE;
  }
}
