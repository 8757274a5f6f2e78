package org.pfnlab.core.vma;

import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;

/** mremap makes a VMA longer where it is: vma_expandable, vma_merge_extend. */
final class GrowInPlace {
  /** Growing in place is a merge with the new range, so it may join the neighbour behind too. */
  public static final Feature MREMAP_GROWS_BY_MERGE =
      Feature.define(
          "MREMAP_GROWS_BY_MERGE",
          "ca3d76b0aa80, v6.0: merging after mremap resize; no VM_SPECIAL VMA grows since",
          Releases.since("v6.0"));

  /** A VMA whose close operation forbids merges is simply made longer. */
  public static final Feature MREMAP_GROWS_DESPITE_CLOSE =
      Feature.define(
          "MREMAP_GROWS_DESPITE_CLOSE",
          "d014cd7c1c35, v6.2: fix mremap() expanding for VMAs with vm_ops->close()",
          Releases.since("v6.2").until("v6.12").backportedTo("v6.1.8"));

  private final VmaMerge merge;
  private final boolean growsByMerge;
  private final boolean growsDespiteClose;

  /** Grows by the rules of this kernel. */
  GrowInPlace(Kernel kernel, VmaMerge merge) {
    this.merge = merge;
    this.growsByMerge = kernel.has(MREMAP_GROWS_BY_MERGE);
    this.growsDespiteClose = kernel.has(MREMAP_GROWS_DESPITE_CLOSE);
  }

  /** vma_expandable: nothing is mapped behind. */
  boolean hasRoom(Mm mm, Vma vma, long more) {
    long end = vma.end + more;
    return Long.compareUnsigned(end, vma.end) > 0
        && Long.compareUnsigned(end, Mm.TASK_SIZE) <= 0
        && mm.vmas.intersection(vma.end, end) == null;
  }

  /** Makes the VMA longer, by merging the new range into it where the kernel does so. */
  boolean grow(Mm mm, Vma vma, long more) {
    long end = vma.end;
    if (!growsByMerge || isGrownPlainly(vma)) {
      vma.setRange(vma.start, end + more);
    } else if (merge.newRange(
            mm, end, end + more, vma.flags, vma.pgoffOf(end), vma.file, vma.anonVma, null)
        == null) {
      return false;
    }
    long pages = more >>> 12;
    mm.totalVm += pages;
    if (vma.has(VmFlags.VM_LOCKED)) {
      mm.lockedVm += pages;
    }
    return true;
  }

  private boolean isGrownPlainly(Vma vma) {
    VmOps ops = vma.ops;
    return growsDespiteClose && ops != null && ops.hasClose();
  }
}
