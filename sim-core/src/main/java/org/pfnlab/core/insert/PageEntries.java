package org.pfnlab.core.insert;

import static org.pfnlab.core.kernel.Errno.EBUSY;
import static org.pfnlab.core.kernel.Errno.EFAULT;
import static org.pfnlab.core.kernel.Errno.EINVAL;

import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.PageRmap;

/**
 * insert_page: one ordinary entry for a page that is counted: a reference, a file mapping, rss. It
 * says what validate_page_before_insert, insert_page and insert_page_into_pte_locked say.
 */
final class PageEntries {
  private static final int REFUSED = Frames.ANON | Frames.SLAB_OR_TYPED;

  private final Meter meter;
  private final Frames frames;
  private final PageRmap rmap;
  private final PfnEntries entries;
  private final boolean takesZeroPage;

  PageEntries(Kernel kernel, Frames frames, PageRmap rmap, PfnEntries entries) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.rmap = rmap;
    this.entries = entries;
    this.takesZeroPage = kernel.has(InsertFeatures.INSERT_ZERO_PAGE);
  }

  /**
   * insert_page.
   *
   * @return 0; -EINVAL for a page that cannot be inserted; -EBUSY if an entry is there; with
   *     mkwrite a present entry becomes writable, or -EFAULT if it names another page
   */
  long insert(Vma vma, long address, long pfn, long prot, boolean mkwrite) {
    meter.count(InsertEvents.INSERT_PAGE);
    long refused = validate(vma, pfn);
    if (refused != 0) {
      return refused;
    }
    PageTable pageTable = vma.mm.pageTable;
    PageTable.Table leaf = pageTable.leafAlloc(address);
    pageTable.lock();
    long result = intoLeaf(vma, leaf, PageTable.index(address), pfn, prot, mkwrite);
    pageTable.unlock();
    return result;
  }

  /** validate_page_before_insert. */
  long validate(Vma vma, long pfn) {
    if (takesZeroPage && isZero(pfn)) {
      return zeroPageAllowed(vma) ? 0 : -EINVAL;
    }
    return frames.has(pfn, REFUSED) ? -EINVAL : 0;
  }

  /** insert_page_into_pte_locked. */
  long intoLeaf(Vma vma, PageTable.Table leaf, int i, long pfn, long prot, boolean mkwrite) {
    long old = leaf.entries[i];
    long entry;
    if (!Pte.none(old)) {
      if (!mkwrite) {
        return -EBUSY;
      }
      if (Pte.pfn(old) != pfn) {
        return -EFAULT;
      }
      entry = old;
    } else {
      entry = Pte.of(pfn, prot);
      if (takesZeroPage && isZero(pfn)) {
        entry |= entries.special;
      } else {
        frames.get(pfn);
        rmap.addFile(vma, pfn);
      }
    }
    leaf.entries[i] = mkwrite ? entries.written(vma, entry) : entry;
    meter.count(PageTable.PTE_SET);
    meter.count(InsertEvents.PTE);
    return 0;
  }

  boolean isZero(long pfn) {
    return pfn == frames.zeroPfn();
  }

  /**
   * vm_mixed_zeropage_allowed: only where no write can reach the page. Left out: filesystem DAX,
   * whose pfn_mkwrite replaces it too.
   */
  static boolean zeroPageAllowed(Vma vma) {
    if (vma.isCowMapping() || !vma.hasAny(VmFlags.VM_WRITE | VmFlags.VM_MAYWRITE)) {
      return true;
    }
    VmOps ops = vma.ops;
    return ops != null && ops.hasPfnMkwrite() && vma.has(VmFlags.VM_IO);
  }
}
