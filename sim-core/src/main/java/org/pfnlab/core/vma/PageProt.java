package org.pfnlab.core.vma;

import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;

/**
 * vma_set_page_prot: the PTE protection of a VMA after its flags changed. Cache bits that a driver
 * put there stay; a shared writable mapping whose object wants to hear of the first write starts
 * read-only (vma_wants_writenotify).
 */
public final class PageProt {
  private PageProt() {}

  /** Recomputes vm_page_prot from the flags. */
  public static void set(Vma vma) {
    long flags = wantsWriteNotify(vma) ? vma.flags & ~VmFlags.VM_SHARED : vma.flags;
    vma.pageProt = modify(vma.pageProt, flags);
  }

  /** vma_wants_writenotify. */
  public static boolean wantsWriteNotify(Vma vma) {
    if (!vma.has(VmFlags.VM_WRITE | VmFlags.VM_SHARED)) {
      return false;
    }
    VmOps ops = vma.ops;
    if (ops != null && (ops.hasPageMkwrite() || ops.hasPfnMkwrite())) {
      return true;
    }
    if (modify(vma.pageProt, vma.flags) != VmFlags.pageProt(vma.flags)) {
      return false;
    }
    OpenFile file = vma.file;
    return file != null && file.mapping.writeback && !vma.has(VmFlags.VM_PFNMAP);
  }

  private static long modify(long old, long flags) {
    return (VmFlags.pageProt(flags) & ~Pte.CACHE_MASK) | (old & Pte.CACHE_MASK);
  }
}
