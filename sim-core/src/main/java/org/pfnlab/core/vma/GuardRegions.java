package org.pfnlab.core.vma;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pagetable.PteCursor;
import org.pfnlab.core.rmap.AnonRmap;
import org.pfnlab.core.rmap.Zap;

/**
 * MADV_GUARD_INSTALL and MADV_GUARD_REMOVE (mm/madvise.c): markers in the page table that make
 * accesses fail without a VMA of their own.
 */
public final class GuardRegions {
  /** Guard regions exist. */
  public static final Feature GUARD_REGIONS =
      Feature.define(
          "GUARD_REGIONS",
          "662df3e5c376, v6.13: lightweight guard regions",
          Releases.since("v6.13"));

  /** They may lie in mappings of files and in read-only ones. */
  public static final Feature GUARD_REGIONS_IN_FILES =
      Feature.define(
          "GUARD_REGIONS_IN_FILES",
          "v6.15: guard regions in file-backed and read-only mappings",
          Releases.since("v6.15"));

  private static final long GUARD_PTE = Pte.marker(Pte.GUARD);

  private final AnonRmap anonRmap;
  private final Zap zap;
  private final boolean inFiles;
  private final boolean sticky;
  private final PteCursor cursor = new PteCursor();

  /** Guards by the rules of this kernel. */
  public GuardRegions(Kernel kernel, AnonRmap anonRmap, Zap zap) {
    this.anonRmap = anonRmap;
    this.zap = zap;
    this.inFiles = kernel.has(GUARD_REGIONS_IN_FILES);
    this.sticky = kernel.has(VmaMerge.STICKY_FLAGS);
  }

  /** madvise_guard_install: what was mapped is lost. */
  long install(Vma vma, long start, long end) {
    if (vma.has(VmFlags.VM_LOCKED) || !isValid(vma)) {
      return -Errno.EINVAL;
    }
    if (sticky) {
      vma.flags |= VmFlags.VM_MAYBE_GUARD;
    }
    // Without an anon_vma or the flag, fork would leave the page table to be faulted in again.
    if (!sticky || vma.isAnonymous()) {
      anonRmap.prepare(vma);
    }
    zap.zapRange(vma, start, end);
    PageTable table = vma.mm.pageTable;
    for (long at = start; at < end; at += PageTable.PAGE_SIZE) {
      table.set(at, GUARD_PTE);
    }
    return 0;
  }

  /** madvise_guard_remove: everything but markers stays; the VMA's flag too. */
  long remove(Vma vma, long start, long end) {
    if (!isValid(vma)) {
      return -Errno.EINVAL;
    }
    cursor.reset(vma.mm.pageTable, start, end);
    while (cursor.next()) {
      if (Pte.isGuard(cursor.value())) {
        cursor.clear();
      }
    }
    return 0;
  }

  /** Whether a marker lies in this part of the VMA. */
  boolean isGuarded(Vma vma, long start, long end) {
    cursor.reset(vma.mm.pageTable, start, end);
    while (cursor.next()) {
      if (Pte.isGuard(cursor.value())) {
        return true;
      }
    }
    return false;
  }

  private boolean isValid(Vma vma) {
    return !vma.hasAny(VmFlags.VM_SPECIAL | VmFlags.VM_HUGETLB)
        && (inFiles || (vma.isAnonymous() && vma.has(VmFlags.VM_MAYWRITE)));
  }
}
