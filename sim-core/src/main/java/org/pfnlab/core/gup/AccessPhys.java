package org.pfnlab.core.gup;

import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;

/**
 * generic_access_phys (mm/memory.c): the vm_ops->access that drivers may install so that debuggers
 * reach device memory. It maps what the first entry names and copies from there on.
 */
public final class AccessPhys {
  private final Kernel kernel;
  private final Frames frames;
  private final FollowPfn follow;
  private final boolean exists;

  /** Reads and writes these frames. */
  public AccessPhys(Kernel kernel, Frames frames) {
    this.kernel = kernel;
    this.frames = frames;
    this.follow = new FollowPfn(kernel);
    this.exists = kernel.has(Arch.HAVE_IOREMAP_PROT);
  }

  /**
   * Copies between the buffer and the device behind this address.
   *
   * @return length, or -EINVAL (not VM_IO or VM_PFNMAP, nothing there, a write through a read-only
   *     entry), -ENOMEM (RAM, a private copy for instance: it cannot be ioremapped)
   */
  public int access(Vma vma, long address, byte[] buffer, int offset, int length, boolean write) {
    if (!exists) {
      return -Errno.EINVAL;
    }
    long pfn = follow.follow(vma, address);
    if (pfn < 0 || (write && !follow.isWritable())) {
      return -Errno.EINVAL;
    }
    int first = (int) (address & 0xfff);
    for (long page = pfn; page <= pfn + ((first + length - 1) >>> 12); page++) {
      if (frames.isRam(page)) {
        kernel.log().warnOnce("__ioremap_caller", "ioremap on RAM");
        return -Errno.ENOMEM;
      }
    }
    for (int i = 0; i < length; i++) {
      long page = pfn + ((first + i) >>> 12);
      int at = (first + i) & 0xfff;
      if (write) {
        frames.store(page, at, buffer[offset + i]);
      } else {
        buffer[offset + i] = frames.load(page, at);
      }
    }
    return length;
  }
}
