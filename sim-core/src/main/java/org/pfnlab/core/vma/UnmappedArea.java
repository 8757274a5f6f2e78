package org.pfnlab.core.vma;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.mm.VmaTree;

/**
 * get_unmapped_area (arch_get_unmapped_area_topdown of x86-64): the hint if it is free, else the
 * highest gap below mmap_base.
 */
final class UnmappedArea {
  private UnmappedArea() {}

  /**
   * Finds room.
   *
   * @param file what will be mapped there; it may have an opinion on the address
   * @param pgoff the page of the file that will be mapped first
   * @param hint wanted address, page-aligned unless fixed; 0 for none
   * @param length bytes, page-aligned
   * @return the address, or -ENOMEM, -EINVAL (misaligned fixed address)
   */
  static long find(
      Mm mm, @Nullable OpenFile file, long pgoff, long hint, long length, boolean fixed) {
    if (Long.compareUnsigned(length, Mm.TASK_SIZE) > 0) {
      return -Errno.ENOMEM;
    }
    if (file != null) {
      long refused = file.ops.checkAddress(hint, pgoff);
      if (refused != 0) {
        return refused;
      }
    }
    if (fixed) {
      if (Long.compareUnsigned(hint, Mm.TASK_SIZE - length) > 0) {
        return -Errno.ENOMEM;
      }
      if ((hint & 0xfff) != 0) {
        return -Errno.EINVAL;
      }
      return Long.compareUnsigned(hint, Mm.MMAP_MIN_ADDR) < 0 ? -Errno.EPERM : hint;
    }
    if (hint != 0
        && Long.compareUnsigned(hint, Mm.TASK_SIZE - length) <= 0
        && isFree(mm, hint, length)) {
      return hint;
    }
    return highestGap(mm.vmas, length);
  }

  private static boolean isFree(Mm mm, long address, long length) {
    Vma vma = mm.vmas.find(address);
    return vma == null || address + length <= startWithGap(vma);
  }

  private static long highestGap(VmaTree vmas, long length) {
    long top = Mm.MMAP_BASE;
    for (int i = vmas.indexFrom(top) - 1; i >= 0; i--) {
      Vma vma = vmas.get(i);
      if (top - Math.min(vma.end, top) >= length) {
        return top - length;
      }
      top = Math.min(top, startWithGap(vma));
    }
    return top - length >= Mm.MMAP_MIN_ADDR ? top - length : -Errno.ENOMEM;
  }

  /** vm_start_gap: below a stack stays stack_guard_gap free. */
  private static long startWithGap(Vma vma) {
    if (!vma.has(VmFlags.VM_GROWSDOWN)) {
      return vma.start;
    }
    long start = vma.start - Mm.STACK_GUARD_GAP;
    return Long.compareUnsigned(start, vma.start) > 0 ? 0 : start;
  }
}
