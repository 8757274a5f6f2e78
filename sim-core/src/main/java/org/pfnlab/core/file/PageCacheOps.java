package org.pfnlab.core.file;

import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;

/** vm_operations of page-cache objects: filemap_fault or shmem_fault, and filemap_map_pages. */
class PageCacheOps extends VmOps {
  private final FaultHandler faults;

  PageCacheOps(FaultHandler faults) {
    this.faults = faults;
  }

  @Override
  public final boolean hasFault() {
    return true;
  }

  @Override
  public int fault(VmFault fault) {
    PageCacheFile object = PageCacheFile.of(fault.vma());
    long pfn = object.pageForFault(fault.pgoff);
    if (pfn < 0) {
      return (int) -pfn;
    }
    fault.page = pfn;
    return VmFault.LOCKED;
  }

  @Override
  public final boolean hasMapPages() {
    return true;
  }

  @Override
  public final int mapPages(VmFault fault, long first, long last) {
    Vma vma = fault.vma();
    PageCacheFile object = PageCacheFile.of(vma);
    long end = Math.min(last, object.sizeInPages() - 1);
    int passed = 0;
    for (long index = first; index <= end; index++) {
      long pfn = object.cached(index);
      if (pfn >= 0 && !object.marks.has(index)) {
        faults.mapCached(vma, vma.start + ((index - vma.pgoff) << 12), pfn);
        passed++;
      }
    }
    OpenFile file = vma.file;
    if (file != null) {
      Readahead.mapped(file, passed);
    }
    return 0;
  }
}
