package org.pfnlab.drivers.toygpu;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.fill.FillTime;
import org.pfnlab.drivers.fill.Pgprot;

/** The device file's operations: checks, protection, flags, and entries if they are wanted now. */
final class ToyFileOps extends FileOps {
  private final ToyGpu gpu;
  private final VmOps plain;
  private final VmOps accessible;
  private final VmOps huge;

  ToyFileOps(ToyGpu gpu) {
    this.gpu = gpu;
    this.plain = new ToyVmOps(gpu, false, false);
    this.accessible = new ToyVmOps(gpu, true, false);
    this.huge = new ToyVmOps(gpu, false, true);
  }

  static ToyMapping mappingOf(OpenFile file) {
    if (file.privateData instanceof ToyMapping how) {
      return how;
    }
    throw new IllegalStateException(file.name + " was not opened through ToyGpu.open");
  }

  @Override
  public long mmap(Vma vma) {
    OpenFile file = vma.file;
    if (file == null) {
      throw new IllegalStateException("mmap of a VMA without its file");
    }
    ToyMapping how = mappingOf(file);
    if (how.refusesCow() && vma.isCowMapping()) {
      return -Errno.EINVAL;
    }
    if (vma.pgoff + vma.pages() > gpu.pages(how.memory())) {
      return -Errno.EINVAL;
    }
    vma.pageProt =
        switch (how.cache()) {
          case WRITE_COMBINE -> Pgprot.writeCombine(gpu.machine().kernel(), vma.pageProt);
          case UNCACHED_MINUS -> Pgprot.noncached(gpu.machine().kernel(), vma.pageProt);
          case LOOKED_UP_AT_MMAP -> Pgprot.known(gpu.machine(), firstPfn(how, vma), vma.pageProt);
          case DEFAULT, WRITE_COMBINE_AT_INSERT -> vma.pageProt;
        };
    vma.privateData = how;
    vma.ops = how.hugeFaults() ? huge : how.hasAccess() ? accessible : plain;
    vma.flags |= how.flags();
    return how.time() == FillTime.AT_MMAP ? fill(vma, how) : 0;
  }

  private long firstPfn(ToyMapping how, Vma vma) {
    return gpu.pfn(how.memory(), vma.pgoff);
  }

  private long fill(Vma vma, ToyMapping how) {
    return how.inserter()
        .range(gpu.machine(), vma, vma.start, firstPfn(how, vma), vma.pages(), vma.pageProt);
  }
}
