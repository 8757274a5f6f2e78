package org.pfnlab.core.vma;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/**
 * UFFDIO_REGISTER (fs/userfaultfd.c) as far as it says which VMAs may be registered. Nothing is
 * registered: faults are never delivered to anybody.
 */
public final class Userfaultfd {
  public static final int UFFDIO_REGISTER_MODE_MISSING = 1;
  public static final int UFFDIO_REGISTER_MODE_WP = 2;
  public static final int UFFDIO_REGISTER_MODE_MINOR = 4;

  /** MODE_MINOR exists, for pages that are in the page cache but not mapped. */
  public static final Feature UFFD_MINOR =
      Feature.define("UFFD_MINOR", "7677f7fd8be7, v5.13", Releases.since("v5.13"));

  /** MODE_WP works on shmem, through PTE markers. */
  public static final Feature UFFD_WP_SHMEM =
      Feature.define(
          "UFFD_WP_SHMEM",
          "b1f9e876862d, v5.19: CONFIG_PTE_MARKER_UFFD_WP",
          Releases.since("v5.19"));

  /** Asynchronous write protection takes every kind of VMA. */
  public static final Feature UFFD_WP_ASYNC =
      Feature.define("UFFD_WP_ASYNC", "d61ea1cb0095, v6.7", Releases.since("v6.7"));

  private final boolean minor;
  private final boolean wpShmem;
  private final boolean async;

  /** Registers by the rules of this kernel. */
  public Userfaultfd(Kernel kernel) {
    this.minor = kernel.has(UFFD_MINOR);
    this.wpShmem = kernel.has(UFFD_WP_SHMEM);
    this.async = kernel.has(UFFD_WP_ASYNC);
  }

  /**
   * UFFDIO_REGISTER.
   *
   * @param mode UFFDIO_REGISTER_MODE_* bits
   * @param wpAsync whether UFFD_FEATURE_WP_ASYNC was agreed on; ignored where it does not exist
   * @return 0, -EINVAL (arguments, kind of VMA), -EPERM (never writable), -ENOMEM (nothing mapped
   *     from there on)
   */
  public long register(Mm mm, long start, long length, int mode, boolean wpAsync) {
    int known =
        UFFDIO_REGISTER_MODE_MISSING
            | UFFDIO_REGISTER_MODE_WP
            | (minor ? UFFDIO_REGISTER_MODE_MINOR : 0);
    if (mode == 0 || (mode & ~known) != 0 || !isValid(start, length)) {
      return -Errno.EINVAL;
    }
    long end = start + length;
    mm.writeLock();
    try {
      Vma vma = mm.vmas.find(start);
      if (vma == null) {
        return -Errno.ENOMEM;
      }
      if (vma.start >= end) {
        return -Errno.EINVAL;
      }
      while (vma != null && vma.start < end) {
        if (!canUserfault(vma, mode, wpAsync)) {
          return -Errno.EINVAL;
        }
        if (!vma.has(VmFlags.VM_MAYWRITE)) {
          return -Errno.EPERM;
        }
        vma = mm.vmas.find(vma.end);
      }
      return 0;
    } finally {
      mm.writeUnlock();
    }
  }

  /** validate_range. */
  private static boolean isValid(long start, long length) {
    return ((start | length) & 0xfff) == 0
        && length != 0
        && Long.compareUnsigned(start, Mm.MMAP_MIN_ADDR) >= 0
        && Long.compareUnsigned(start, Mm.TASK_SIZE) < 0
        && Long.compareUnsigned(length, Mm.TASK_SIZE - start) <= 0;
  }

  /** vma_can_userfault. */
  private boolean canUserfault(Vma vma, int mode, boolean wpAsync) {
    if (vma.has(VmFlags.VM_DROPPABLE)) {
      return false;
    }
    boolean shmem = isShmem(vma);
    if ((mode & UFFDIO_REGISTER_MODE_MINOR) != 0 && !shmem) {
      return false;
    }
    if (async && wpAsync && mode == UFFDIO_REGISTER_MODE_WP) {
      return true;
    }
    return vma.isAnonymous() || (shmem && (wpShmem || (mode & UFFDIO_REGISTER_MODE_WP) == 0));
  }

  /** vma_is_shmem: mappings of shmem pages by their own file. */
  private static boolean isShmem(Vma vma) {
    OpenFile file = vma.file;
    return file != null && !vma.isAnonymous() && file.mapping.swapBacked;
  }
}
