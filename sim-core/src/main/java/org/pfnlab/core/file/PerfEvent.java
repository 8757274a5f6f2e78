package org.pfnlab.core.file;

import org.pfnlab.core.insert.RemapPfn;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;

/**
 * The ring buffer of a perf event (kernel/events/core.c, perf_mmap): a control page and 2^n pages
 * of data, mapped as raw frames, not inherited by fork and not to be split.
 *
 * <p>This is how v6.14 and later map it; before, ->fault brought pages one by one. Left out: the
 * AUX area, and that the size is fixed by the first mmap and not by the object.
 */
final class PerfEvent extends KernelPages {
  private final RemapPfn remapPfn;
  private final VmOps vmOps = new RingOps();

  /** An event whose buffer is this long, the control page included. */
  PerfEvent(Frames frames, Register register, RemapPfn remapPfn, int pages) {
    super(frames, register, pages);
    this.remapPfn = remapPfn;
  }

  @Override
  public long mmap(Vma vma) {
    if (!vma.has(VmFlags.VM_SHARED) || vma.pgoff != 0 || vma.pages() != pfns.length) {
      return -Errno.EINVAL;
    }
    vma.flags |= VmFlags.VM_DONTCOPY | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;
    vma.ops = vmOps;
    long readOnly = VmFlags.pageProt(vma.flags & ~VmFlags.VM_SHARED);
    for (int i = 0; i < pfns.length; i++) {
      long failed =
          remapPfn.remapPfnRange(vma, vma.start + ((long) i << 12), pfns[i], 4096, readOnly);
      if (failed != 0) {
        return failed;
      }
    }
    return 0;
  }

  /** perf_mmap_vmops. */
  private static final class RingOps extends VmOps {
    @Override
    public boolean hasClose() {
      return true;
    }

    @Override
    public long maySplit(Vma vma, long address) {
      return -Errno.EINVAL;
    }

    @Override
    public boolean hasPfnMkwrite() {
      return true;
    }

    /** The control page may be written, the others only look so. */
    @Override
    public int pfnMkwrite(VmFault fault) {
      return fault.pgoff == 0 ? 0 : VmFault.SIGBUS;
    }
  }
}
