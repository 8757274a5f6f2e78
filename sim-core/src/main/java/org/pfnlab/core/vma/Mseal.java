package org.pfnlab.core.vma;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/** mseal (mm/mseal.c): forbids for ever to unmap, move or change a range; all of it or nothing. */
public final class Mseal {
  /** mseal exists. */
  public static final Feature MSEAL =
      Feature.define("MSEAL", "8be7258aad44, v6.10", Releases.since("v6.10"));

  private final VmaModify modify;
  private final boolean exists;

  /** Seals by the rules of this kernel. */
  public Mseal(Kernel kernel, VmaModify modify) {
    this.modify = modify;
    this.exists = kernel.has(MSEAL);
  }

  /**
   * mseal(2).
   *
   * @param length bytes, rounded up to whole pages
   * @param flags must be 0
   * @return 0, -EINVAL (arguments), -ENOMEM (holes: nothing is sealed), -ENOSYS
   */
  public long mseal(Mm mm, long start, long length, long flags) {
    if (!exists) {
      return -Errno.ENOSYS;
    }
    long bytes = (length + 4095) & ~4095L;
    long end = start + bytes;
    if (flags != 0
        || (start & 0xfff) != 0
        || (length != 0 && bytes == 0)
        || Long.compareUnsigned(end, start) < 0) {
      return -Errno.EINVAL;
    }
    if (end == start) {
      return 0;
    }
    mm.writeLock();
    try {
      return Coverage.isWhole(mm, start, end) ? seal(mm, start, end) : -Errno.ENOMEM;
    } finally {
      mm.writeUnlock();
    }
  }

  private long seal(Mm mm, long start, long end) {
    long at = start;
    Vma vma;
    while (at < end && (vma = mm.vmas.lookup(at)) != null) {
      long to = Math.min(vma.end, end);
      if (!vma.has(VmFlags.VM_SEALED)) {
        long flags = vma.flags | VmFlags.VM_SEALED;
        Vma target = modify.modify(vma, at, to, flags);
        if (target == null) {
          return modify.errno();
        }
        target.flags = flags | (target.flags & VmFlags.VM_MAYBE_GUARD);
      }
      at = to;
    }
    return 0;
  }
}
