package org.pfnlab.core.vma;

import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.GupSlow;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/** __mm_populate (mm/gup.c): faults a range in ahead of its use, for MAP_POPULATE and mlock. */
public final class Populate {
  private final GupSlow gup;

  /** Faults in through get_user_pages. */
  public Populate(GupSlow gup) {
    this.gup = gup;
  }

  /**
   * Populates [start, start + length). VM_IO and VM_PFNMAP VMAs are passed over.
   *
   * @return 0, or the first error unless errors are ignored
   */
  public long range(Mm mm, long start, long length, boolean ignoreErrors) {
    long end = start + length;
    long at = start;
    while (at < end) {
      Vma vma = mm.vmas.intersection(at, end);
      if (vma == null) {
        break;
      }
      long from = Math.max(at, vma.start);
      long to = Math.min(end, vma.end);
      at = to;
      if (vma.hasAny(VmFlags.VM_IO | VmFlags.VM_PFNMAP)) {
        continue;
      }
      long result = vmaRange(vma, from, to);
      if (result < 0) {
        if (!ignoreErrors) {
          return result;
        }
      } else if (result < (to - from) >>> 12) {
        at = result == 0 ? to : from + (result << 12);
      }
    }
    return 0;
  }

  /**
   * populate_vma_page_range.
   *
   * @return pages present, or -errno
   */
  public long vmaRange(Vma vma, long start, long end) {
    long pages = (end - start) >>> 12;
    if (vma.has(VmFlags.VM_LOCKONFAULT)) {
      return pages;
    }
    int flags = GupFlags.FOLL_TOUCH;
    // Private writable memory is populated for writing, so that COW happens now and not on the
    // store.
    if ((vma.flags & (VmFlags.VM_WRITE | VmFlags.VM_SHARED)) == VmFlags.VM_WRITE) {
      flags |= GupFlags.FOLL_WRITE;
    }
    if (vma.isAccessible()) {
      flags |= GupFlags.FOLL_FORCE;
    }
    return gup.get(vma.mm, start, (int) pages, flags, null);
  }
}
