package org.pfnlab.drivers.toygpu;

import org.pfnlab.core.iomap.IoMapping;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.drivers.fill.FillTime;
import org.pfnlab.drivers.fill.Inserter;
import org.pfnlab.drivers.fill.Pgprot;

/** What the toy GPU does in a fault: the page index is the file's, so a split VMA faults right. */
final class ToyVmOps extends VmOps {
  private static final int PMD = 2;

  private final ToyGpu gpu;
  private final boolean access;
  private final boolean huge;

  ToyVmOps(ToyGpu gpu, boolean access, boolean huge) {
    this.gpu = gpu;
    this.access = access;
    this.huge = huge;
  }

  @Override
  public boolean hasFault() {
    return true;
  }

  @Override
  public int fault(VmFault fault) {
    Vma vma = fault.vma();
    if (!(vma.privateData instanceof ToyMapping how) || how.time() == FillTime.AT_MMAP) {
      return VmFault.SIGBUS;
    }
    if (how.time() == FillTime.FIRST_FAULT) {
      return fillAll(vma, how);
    }
    if (fault.pgoff >= gpu.pages(how.memory())) {
      return VmFault.SIGBUS;
    }
    long prot =
        how.cache() == ToyMapping.Cache.WRITE_COMBINE_AT_INSERT
            ? Pgprot.writeCombine(gpu.machine().kernel(), vma.pageProt)
            : vma.pageProt;
    if (how.window() > 1) {
      return fillWindow(fault, how, prot);
    }
    return how.inserter().page(gpu.machine(), fault, gpu.pfn(how.memory(), fault.pgoff), prot);
  }

  /** From the faulting page forward, as far as VMA and memory go. */
  private int fillWindow(VmFault fault, ToyMapping how, long prot) {
    Vma vma = fault.vma();
    long address = fault.address & -PageTable.PAGE_SIZE;
    long pages = Math.min((vma.end - address) >>> 12, gpu.pages(how.memory()) - fault.pgoff);
    long pfn = gpu.pfn(how.memory(), fault.pgoff);
    long failed =
        how.inserter().range(gpu.machine(), vma, address, pfn, Math.min(how.window(), pages), prot);
    return failed == 0 ? VmFault.NOPAGE : VmFault.SIGBUS;
  }

  private int fillAll(Vma vma, ToyMapping how) {
    long prot = vma.pageProt;
    if (how.inserter() == Inserter.APPLY_SPECIAL) {
      IoMapping reserved = gpu.ioMapping();
      if (reserved == null) {
        return VmFault.SIGBUS;
      }
      prot = Pte.withCacheBits(prot, Pte.cacheBits(reserved.prot()));
    }
    if (vma.pgoff + vma.pages() > gpu.pages(how.memory())) {
      return VmFault.SIGBUS;
    }
    long pfn = gpu.pfn(how.memory(), vma.pgoff);
    long failed = how.inserter().range(gpu.machine(), vma, vma.start, pfn, vma.pages(), prot);
    return failed == 0 ? VmFault.NOPAGE : VmFault.SIGBUS;
  }

  @Override
  public boolean hasHugeFault() {
    return huge;
  }

  @Override
  public int hugeFault(VmFault fault, int level) {
    Vma vma = fault.vma();
    if (level != PMD || !(vma.privateData instanceof ToyMapping how)) {
      return VmFault.FALLBACK;
    }
    long start = fault.address & -PageTable.PMD_SIZE;
    if (start < vma.start || start + PageTable.PMD_SIZE > vma.end) {
      return VmFault.FALLBACK;
    }
    long page = vma.pgoffOf(start);
    long pfn = gpu.pfn(how.memory(), page);
    boolean aligned = (pfn & (PageTable.ENTRIES - 1)) == 0;
    if (!aligned || page + PageTable.ENTRIES > gpu.pages(how.memory())) {
      return VmFault.FALLBACK;
    }
    return gpu.machine().inserter().vmfInsertPfnHuge(fault, pfn, PMD, fault.isWrite());
  }

  @Override
  public boolean hasAccess() {
    return access;
  }

  @Override
  public int access(Vma vma, long address, byte[] buffer, int offset, int length, boolean write) {
    return gpu.machine().accessPhys().access(vma, address, buffer, offset, length, write);
  }
}
