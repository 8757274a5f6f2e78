package org.pfnlab.core.vma;

import static org.pfnlab.core.vma.Mremap.MREMAP_DONTUNMAP;
import static org.pfnlab.core.vma.Mremap.MREMAP_MAYMOVE;
import static org.pfnlab.core.vma.Mremap.impliesNewAddress;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/** What mremap asks of its arguments and of the VMA, in the kernel's order. */
final class MremapChecks {
  /** MREMAP_DONTUNMAP takes any VMA that may be expanded, not only private anonymous memory. */
  public static final Feature DONTUNMAP_ANY_VMA =
      Feature.define(
          "DONTUNMAP_ANY_VMA",
          "a4609387859f, v5.13: extend MREMAP_DONTUNMAP to non-anonymous mappings",
          Releases.since("v5.13"));

  private final boolean checksFirst;
  private final boolean dontUnmapsAny;

  /** The checks of this kernel. */
  MremapChecks(Kernel kernel) {
    this.checksFirst = kernel.has(Mremap.MREMAP_CHECKS_FIRST);
    this.dontUnmapsAny = kernel.has(DONTUNMAP_ANY_VMA);
  }

  /** Everything that is asked of the new address and of what it implies. */
  boolean isTargetValid(long address, long oldBytes, long newBytes, int flags, long newAddress) {
    if (!impliesNewAddress(flags)) {
      return !checksFirst || Long.compareUnsigned(newBytes, Mm.TASK_SIZE) <= 0;
    }
    return areFlagsValid(flags, oldBytes, newBytes)
        && Long.compareUnsigned(newBytes, Mm.TASK_SIZE) <= 0
        && Long.compareUnsigned(newAddress, Mm.TASK_SIZE - newBytes) <= 0
        && (newAddress & 0xfff) == 0
        && !overlap(address, oldBytes, newBytes, newAddress);
  }

  /** What DONTUNMAP and FIXED imply. */
  static boolean areFlagsValid(int flags, long oldBytes, long newBytes) {
    return (flags & MREMAP_MAYMOVE) != 0
        && ((flags & MREMAP_DONTUNMAP) == 0 || oldBytes == newBytes);
  }

  private static boolean overlap(long address, long oldBytes, long newBytes, long newAddress) {
    return Long.compareUnsigned(address + oldBytes, newAddress) > 0
        && Long.compareUnsigned(newAddress + newBytes, address) > 0;
  }

  /** check_prep_vma of v6.17: what shrinks in place is not asked about its end. */
  long first(Vma vma, long address, long oldBytes, long newBytes, int flags) {
    if (vma.has(VmFlags.VM_SEALED)) {
      return -Errno.EPERM;
    }
    boolean grows = Long.compareUnsigned(newBytes, oldBytes) > 0;
    if (!grows && !impliesNewAddress(flags)) {
      return 0;
    }
    return resize(vma, address, grows ? oldBytes : newBytes, newBytes, flags);
  }

  /**
   * vma_to_resize: whether this part of the VMA may be moved or grow.
   *
   * @param oldBytes what is left of the range once a shrink has been done
   */
  long resize(Vma vma, long address, long oldBytes, long newBytes, int flags) {
    if (oldBytes == 0 && !vma.hasAny(VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE)) {
      return -Errno.EINVAL;
    }
    if ((flags & MREMAP_DONTUNMAP) != 0 && !mayStayEmpty(vma)) {
      return -Errno.EINVAL;
    }
    if (Long.compareUnsigned(oldBytes, vma.end - address) > 0) {
      return -Errno.EFAULT;
    }
    if (newBytes == oldBytes) {
      return 0;
    }
    long pgoff = vma.pgoffOf(address);
    if (Long.compareUnsigned(pgoff + (newBytes >>> 12), pgoff) < 0) {
      return -Errno.EINVAL;
    }
    return vma.hasAny(VmFlags.VM_DONTEXPAND | VmFlags.VM_PFNMAP) ? -Errno.EFAULT : 0;
  }

  private boolean mayStayEmpty(Vma vma) {
    return dontUnmapsAny
        ? !vma.hasAny(VmFlags.VM_DONTEXPAND | VmFlags.VM_PFNMAP)
        : vma.isAnonymous() && !vma.has(VmFlags.VM_SHARED);
  }

  /** vma_multi_allowed: a file that chooses addresses itself might not end up where it should. */
  static boolean movesWithOthers(Vma vma) {
    OpenFile file = vma.file;
    return file == null || !file.ops.choosesAddress();
  }
}
