package org.pfnlab.core.vma;

import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.GupSlow;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.LruBatches;

/** __mm_populate (mm/gup.c): faults a range in ahead of its use, for MAP_POPULATE and mlock. */
public final class Populate {
  /**
   * A VMA that is locked on fault is passed over; before, get_user_pages had a look at its flags.
   */
  public static final Feature POPULATE_SKIPS_ONFAULT =
      Feature.define(
          "POPULATE_SKIPS_ONFAULT",
          "b67bf49ce7aa, v5.18: mm/munlock: delete FOLL_MLOCK and FOLL_POPULATE",
          Releases.since("v5.18"));

  private final GupSlow gup;
  private final LruBatches lru;
  private final boolean skipsOnFault;

  /** Faults in through get_user_pages. */
  public Populate(Kernel kernel, GupSlow gup, LruBatches lru) {
    this.gup = gup;
    this.lru = lru;
    this.skipsOnFault = kernel.has(POPULATE_SKIPS_ONFAULT);
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
    if (vma.mm.untouched && !vma.has(VmFlags.VM_LOCKONFAULT)) {
      return vma.isAccessible() ? pages : -Errno.EFAULT;
    }
    if (vma.has(VmFlags.VM_LOCKONFAULT)) {
      return skipsOnFault || vma.isAccessible() ? pages : -Errno.EFAULT;
    }
    int flags = GupFlags.FOLL_TOUCH | GupFlags.FOLL_UNLOCKABLE;
    // Private writable memory is populated for writing, so that COW happens now and not on the
    // store.
    if ((vma.flags & (VmFlags.VM_WRITE | VmFlags.VM_SHARED)) == VmFlags.VM_WRITE) {
      flags |= GupFlags.FOLL_WRITE;
    }
    if (vma.isAccessible()) {
      flags |= GupFlags.FOLL_FORCE;
    }
    long got = gup.get(vma.mm, start, (int) pages, flags, null);
    lru.drain();
    return got;
  }
}
