package org.pfnlab.core.insert;

import static org.pfnlab.core.kernel.Errno.EACCES;
import static org.pfnlab.core.kernel.Errno.EINVAL;
import static org.pfnlab.core.mm.VmFlags.VM_DONTDUMP;
import static org.pfnlab.core.mm.VmFlags.VM_DONTEXPAND;
import static org.pfnlab.core.mm.VmFlags.VM_IO;
import static org.pfnlab.core.mm.VmFlags.VM_PFNMAP;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pfnmap.PfnModify;
import org.pfnlab.core.pfnmap.PfnmapTracking;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.Zap;

/**
 * remap_pfn_range (mm/memory.c): raw page frames over a range of a VMA, and the reservation of
 * their cache mode. It makes the VMA VM_IO, VM_PFNMAP, VM_DONTEXPAND and VM_DONTDUMP.
 *
 * <p>A COW mapping must be covered as a whole; its vm_pgoff then becomes the first pfn, so that
 * copies can be told from raw frames. Sizes and addresses are bytes. Left out: running out of page
 * tables, and memory encryption, which is all that io_remap_pfn_range adds on x86.
 */
public final class RemapPfn {
  private static final long FLAGS = VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
  private static final long OFFSET = PageTable.PAGE_SIZE - 1;

  private final Kernel kernel;
  private final Meter meter;
  private final PfnmapTracking tracking;
  private final Zap zap;
  private final PfnModify pfnModify;
  private final @Nullable BeforePteInsert hook;
  private final boolean tracksFirst;
  private final boolean zapsOnError;
  private final long special;

  /** Remaps by the rules of this kernel. */
  public RemapPfn(Kernel kernel, Frames frames, PfnmapTracking tracking, Zap zap) {
    this.kernel = kernel;
    this.meter = kernel.meter;
    this.tracking = tracking;
    this.zap = zap;
    this.pfnModify = new PfnModify(kernel, frames);
    this.hook = kernel.hooks().get(BeforePteInsert.POINT);
    this.tracksFirst = kernel.has(InsertFeatures.REMAP_TRACKS_FIRST);
    this.zapsOnError = kernel.has(InsertFeatures.REMAP_ZAPS_ON_ERROR);
    this.special = kernel.has(Arch.ARCH_HAS_PTE_SPECIAL) ? Pte.SPECIAL : 0;
  }

  /**
   * remap_pfn_range.
   *
   * @param address first address, page-aligned
   * @param pfn first page frame
   * @param size rounded up to whole pages
   * @param prot PTE bits; PAT may replace the cache mode
   * @return 0; -EINVAL for a misaligned address, part of a COW mapping, or a cache mode that PAT
   *     refuses; -EACCES where L1TF forbids the entry. Before v6.11 a failure half-way leaves the
   *     entries that were made
   * @throws KernelBug if an entry is there already
   */
  public long remapPfnRange(Vma vma, long address, long pfn, long size, long prot) {
    meter.count(InsertEvents.REMAP_PFN_RANGE);
    if (meter.tracing) {
      meter.enter("remap_pfn_range", address, pfn);
    }
    long result = tracked(vma, address, pfn, (size + OFFSET) & ~OFFSET, prot);
    if (meter.tracing) {
      meter.exit("remap_pfn_range", result);
    }
    return result;
  }

  private long tracked(Vma vma, long address, long pfn, long size, long prot) {
    long forbidden = ask(vma, address, pfn);
    if (forbidden != 0) {
      return forbidden;
    }
    if (!tracksFirst) {
      long refused = prepare(vma, address, pfn, size);
      if (refused != 0) {
        return refused;
      }
    }
    long wanted = tracking.trackRemap(vma, address, pfn, size, prot);
    if (Errno.isError(wanted)) {
      return wanted;
    }
    long result =
        tracksFirst
            ? notrack(vma, address, pfn, size, wanted)
            : fill(vma, address, pfn, size, wanted);
    if (result != 0) {
      tracking.untrackRemap(vma, address, pfn, size);
    }
    return result;
  }

  /**
   * remap_pfn_range_notrack (v5.13): the same without asking PAT, for callers that reserved the
   * cache mode themselves.
   */
  public long remapPfnRangeNotrack(Vma vma, long address, long pfn, long size, long prot) {
    long forbidden = ask(vma, address, pfn);
    return forbidden != 0 ? forbidden : notrack(vma, address, pfn, (size + OFFSET) & ~OFFSET, prot);
  }

  private long notrack(Vma vma, long address, long pfn, long size, long prot) {
    meter.count(InsertEvents.REMAP_NOTRACK);
    long result = prepare(vma, address, pfn, size);
    if (result == 0) {
      result = fill(vma, address, pfn, size, prot);
    }
    if (result != 0 && zapsOnError) {
      zap.zapRange(vma, address, address + size);
    }
    return result;
  }

  /** io_remap_pfn_range: {@link #remapPfnRange} of device memory. */
  public long ioRemapPfnRange(Vma vma, long address, long pfn, long size, long prot) {
    return remapPfnRange(vma, address, pfn, size, prot);
  }

  /**
   * vm_iomap_memory: the whole VMA from a device's memory, beginning vm_pgoff pages into it.
   *
   * @param start physical address of the memory
   * @param length its length in bytes
   * @return 0; -EINVAL if the VMA reaches out of the memory; what {@link #remapPfnRange} says
   */
  public long vmIomapMemory(Vma vma, long start, long length) {
    long first = start >>> 12;
    long pages = (length + (start & OFFSET) + OFFSET) >>> 12;
    boolean wraps = Long.compareUnsigned(start + length, start) < 0 || first + pages < first;
    if (wraps || vma.pgoff > pages || vma.pages() > pages - vma.pgoff) {
      return -EINVAL;
    }
    return ioRemapPfnRange(vma, vma.start, first + vma.pgoff, vma.end - vma.start, vma.pageProt);
  }

  /** What remap_pfn_range insists on, and what a COW mapping needs to be told apart later. */
  private long prepare(Vma vma, long address, long pfn, long size) {
    if ((address & OFFSET) != 0) {
      kernel.log().warnOnce("remap_pfn_range", "the address is not page-aligned");
      return -EINVAL;
    }
    if (vma.isCowMapping()) {
      if (address != vma.start || address + size != vma.end) {
        return -EINVAL;
      }
      vma.pgoff = pfn;
    }
    return 0;
  }

  private long fill(Vma vma, long address, long pfn, long size, long prot) {
    vma.flags |= FLAGS;
    if (size == 0) {
      throw InsertBugs.REMAP_EMPTY_RANGE;
    }
    PageTable pageTable = vma.mm.pageTable;
    long pages = size >>> 12;
    long allowed = pfnModify.allowed(pfn, pages, prot);
    long pte = Pte.of(pfn, prot) | special;
    for (long done = 0; done < allowed; ) {
      long at = address + (done << 12);
      if (pageTable.levelAt(at) > 1) {
        throw InsertBugs.REMAP_PTE_PRESENT;
      }
      PageTable.Table leaf = pageTable.leafAlloc(at);
      int from = PageTable.index(at);
      int n = (int) Math.min(allowed - done, PageTable.ENTRIES - from);
      pageTable.lock();
      meter.count(InsertEvents.REMAP_PTE_RANGE);
      int used = leaf.fillEmpty(from, from + n, pte + Pte.advance(pte, done), 1);
      int filled = used < 0 ? n : used - from;
      meter.count(PageTable.PTE_SET, filled);
      meter.count(InsertEvents.PTE, filled);
      if (used >= 0) {
        throw InsertBugs.REMAP_PTE_PRESENT;
      }
      pageTable.unlock();
      done += n;
    }
    return allowed == pages ? 0 : -EACCES;
  }

  private long ask(Vma vma, long address, long pfn) {
    return hook == null ? 0 : hook.beforeInsert(vma, address, pfn, true);
  }
}
