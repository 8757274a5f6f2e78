package org.pfnlab.core.insert;

import static org.pfnlab.core.kernel.Errno.EINVAL;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;

/**
 * apply_to_page_range with a callback that writes special entries: what i915's remap_io_mapping
 * does. No tracking, no look at the VMA, one page-table lock a page table; entries that are there
 * are overwritten, and a counted page among them keeps its counts for ever.
 */
public final class ApplyToPageRange {
  private final Kernel kernel;
  private final Meter meter;
  private final @Nullable BeforePteInsert hook;
  private final long special;

  /** Applies by the rules of this kernel. */
  public ApplyToPageRange(Kernel kernel) {
    this.kernel = kernel;
    this.meter = kernel.meter;
    this.hook = kernel.hooks().get(BeforePteInsert.POINT);
    this.special = kernel.has(Arch.ARCH_HAS_PTE_SPECIAL) ? Pte.SPECIAL : 0;
  }

  /**
   * Writes one special entry a page for consecutive frames.
   *
   * @param address first address in bytes, page-aligned
   * @param pfn first page frame
   * @param size in bytes
   * @param prot PTE bits, used literally
   * @return 0; -EINVAL for an empty range, or where a huge leaf is in the way
   */
  public long mapSpecial(Vma vma, long address, long pfn, long size, long prot) {
    if (meter.tracing) {
      meter.enter("apply_to_page_range", address, pfn);
    }
    long result = map(vma, address, pfn, size, prot);
    if (meter.tracing) {
      meter.exit("apply_to_page_range", result);
    }
    return result;
  }

  private long map(Vma vma, long address, long pfn, long size, long prot) {
    meter.count(InsertEvents.APPLY_TO_PAGE_RANGE);
    if (size <= 0) {
      kernel.log().warn("apply_to_page_range", "the range is empty");
      return -EINVAL;
    }
    if (hook != null) {
      long refused = hook.beforeInsert(vma, address, pfn, true);
      if (refused != 0) {
        return refused;
      }
    }
    PageTable pageTable = vma.mm.pageTable;
    long pte = Pte.of(pfn, prot) | special;
    long end = address + size;
    for (long at = address; at < end; ) {
      if (isUnderHugeLeaf(pageTable, at)) {
        return -EINVAL;
      }
      PageTable.Table leaf = pageTable.leafAlloc(at);
      int from = PageTable.index(at);
      int n = (int) Math.min((end - at + PageTable.PAGE_SIZE - 1) >>> 12, PageTable.ENTRIES - from);
      pageTable.lock();
      leaf.fill(from, from + n, pte + Pte.advance(pte, (at - address) >>> 12), 1);
      applied(pageTable, n);
      at += (long) n << 12;
    }
    return 0;
  }

  /**
   * The same for frames that do not follow each other, as i915's remap_io_sg fills from a
   * scatterlist.
   *
   * @param pfns the page frames; those at [from, from + count) are mapped, one at least
   */
  public long mapSpecial(Vma vma, long address, long[] pfns, int from, int count, long prot) {
    meter.count(InsertEvents.APPLY_TO_PAGE_RANGE);
    if (hook != null) {
      long refused = hook.beforeInsert(vma, address, pfns[from], true);
      if (refused != 0) {
        return refused;
      }
    }
    PageTable pageTable = vma.mm.pageTable;
    for (int done = 0; done < count; ) {
      long at = address + ((long) done << 12);
      if (isUnderHugeLeaf(pageTable, at)) {
        return -EINVAL;
      }
      PageTable.Table leaf = pageTable.leafAlloc(at);
      int first = PageTable.index(at);
      int n = Math.min(count - done, PageTable.ENTRIES - first);
      pageTable.lock();
      for (int i = 0; i < n; i++) {
        leaf.entries[first + i] = Pte.of(pfns[from + done + i], prot) | special;
      }
      applied(pageTable, n);
      done += n;
    }
    return 0;
  }

  private boolean isUnderHugeLeaf(PageTable pageTable, long address) {
    if (pageTable.levelAt(address) <= 1) {
      return false;
    }
    kernel.log().warnOnce("apply_to_pmd_range", "a huge leaf is in the way");
    return true;
  }

  private void applied(PageTable pageTable, int n) {
    meter.count(InsertEvents.APPLIED, n);
    meter.count(PageTable.PTE_SET, n);
    meter.count(InsertEvents.PTE, n);
    pageTable.unlock();
  }
}
