package org.pfnlab.core.vma;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.mm.VmaTree;

/**
 * get_unmapped_area (arch_get_unmapped_area_topdown of x86-64): the hint if it is free, else the
 * highest gap below mmap_base; where huge pages fit, at an address that suits them
 * (thp_get_unmapped_area).
 *
 * <p>Left out: the legacy layout of an unlimited stack, addresses above 47 bits, shmem with huge
 * pages.
 */
final class UnmappedArea {
  /** Private anonymous memory of whole huge pages, without a hint, begins at a huge page. */
  static final Feature ANON_PLACED_FOR_HUGE_PAGES =
      Feature.define(
          "ANON_PLACED_FOR_HUGE_PAGES",
          "efa7df3e3bb5, v6.7: align larger anonymous mappings on THP boundaries; since"
              + " d4148aeab412, v6.12, only if their length is a multiple",
          Releases.since("v6.12"));

  /** The search for a gap looks at guards only once it has found one. */
  static final Feature GAPS_FOUND_WITHOUT_GUARD =
      Feature.define(
          "GAPS_FOUND_WITHOUT_GUARD",
          "58c5d0d6d522, v6.3 and 6.1.y stable: mas_empty_area respects stack gaps by another"
              + " search below them",
          Releases.since("v6.3").backportedTo("v6.1.27"));

  private static final long HUGE = 1L << 21;

  /** TASK_UNMAPPED_BASE: where the search goes upwards once there is no room below mmap_base. */
  private static final long LEGACY_BASE = (Mm.TASK_SIZE / 3 + 4095) & ~4095L;

  private static final long LOW_2G_START = 0x4000_0000L;
  private static final long LOW_2G_END = 0x8000_0000L;

  private final boolean alignsAnonymous;
  private final boolean guardsLowerLimit;

  /** Places by the rules of this kernel. */
  UnmappedArea(Kernel kernel) {
    this.alignsAnonymous = kernel.has(ANON_PLACED_FOR_HUGE_PAGES);
    this.guardsLowerLimit = kernel.has(GAPS_FOUND_WITHOUT_GUARD);
  }

  /**
   * Finds room.
   *
   * @param file what will be mapped there; it may have an opinion on the address
   * @param hint wanted address, page-aligned unless fixed; 0 for none
   * @param length bytes, page-aligned
   * @param pgoff offset in the file, in pages
   * @param flags MAP_* bits; MAP_FIXED, MAP_SHARED and MAP_32BIT are looked at
   * @return the address, or -ENOMEM, -EINVAL (misaligned fixed address)
   */
  long find(Mm mm, @Nullable OpenFile file, long hint, long length, long pgoff, int flags) {
    if (Long.compareUnsigned(length, Mm.TASK_SIZE) > 0) {
      return -Errno.ENOMEM;
    }
    if (file != null) {
      long refused = file.ops.checkAddress(hint, pgoff);
      if (refused != 0) {
        return refused;
      }
    }
    if ((flags & MapFlags.MAP_FIXED) != 0) {
      if (Long.compareUnsigned(hint, Mm.TASK_SIZE - length) > 0) {
        return -Errno.ENOMEM;
      }
      if ((hint & 0xfff) != 0) {
        return -Errno.EINVAL;
      }
      return Long.compareUnsigned(hint, Mm.MMAP_MIN_ADDR) < 0 && !mm.mapsLow ? -Errno.EPERM : hint;
    }
    long aligned = 0;
    if (file != null) {
      aligned = file.ops.alignsForHugePages() ? aligned(mm, hint, length, pgoff << 12, flags) : 0;
    } else if (alignsAnonymous
        && (flags & MapFlags.MAP_SHARED) == 0
        && hint == 0
        && (length & (HUGE - 1)) == 0) {
      aligned = aligned(mm, hint, length, 0, flags);
    }
    return aligned != 0 ? aligned : plain(mm, hint, length, flags);
  }

  /** __thp_get_unmapped_area: looks for more room than needed and cuts; 0 if that does not do. */
  private long aligned(Mm mm, long hint, long length, long offset, int flags) {
    long firstHuge = (offset + HUGE - 1) & -HUGE;
    long end = offset + length;
    long padded = length + HUGE;
    if (end <= firstHuge
        || end - firstHuge < HUGE
        || Long.compareUnsigned(padded, Mm.TASK_SIZE) > 0) {
      return 0;
    }
    long found = plain(mm, hint, padded, flags);
    if (Errno.isError(found)) {
      return 0;
    }
    if (hint != 0 && found == hint) {
      return hint;
    }
    long cut = (offset - found) & (HUGE - 1);
    return found + (cut == 0 ? HUGE : cut);
  }

  /** mm_get_unmapped_area. */
  private long plain(Mm mm, long hint, long length, int flags) {
    boolean low = (flags & MapFlags.MAP_32BIT) != 0;
    if (hint != 0
        && Long.compareUnsigned(hint, (low ? LOW_2G_END : Mm.TASK_SIZE) - length) <= 0
        && isFree(mm, hint, length)) {
      return hint;
    }
    if (low) {
      return lowestGap(mm.vmas, LOW_2G_START, LOW_2G_END, length);
    }
    long top = highestGap(mm, length);
    return Errno.isError(top) ? lowestGap(mm.vmas, LEGACY_BASE, Mm.TASK_SIZE, length) : top;
  }

  private static boolean isFree(Mm mm, long address, long length) {
    Vma vma = mm.vmas.find(address);
    return vma == null || address + length <= vma.startGap();
  }

  /**
   * vm_unmapped_area, downwards. Newer kernels find gaps without their guards; one whose end
   * reaches into the guard of the stack above moves the limit down for the rest of the search.
   */
  private long highestGap(Mm mm, long length) {
    VmaTree vmas = mm.vmas;
    long limit = mm.mmapBase;
    long top = vmas.highestHole(limit, length, Mm.MMAP_MIN_ADDR);
    while (top >= 0) {
      Vma above = vmas.find(top);
      Vma below = vmas.previous(top);
      if (above == null || !above.has(VmFlags.VM_GROWSDOWN)) {
        return top - length;
      }
      long guarded = Math.min(limit, above.startGap());
      if (guarded - (below == null ? Mm.MMAP_MIN_ADDR : below.end) >= length) {
        return guarded - length;
      }
      if (below == null) {
        break;
      }
      limit = guardsLowerLimit ? guarded : limit;
      top = vmas.highestHole(Math.min(limit, below.start), length, Mm.MMAP_MIN_ADDR);
    }
    return -Errno.ENOMEM;
  }

  private static long lowestGap(VmaTree vmas, long low, long high, long length) {
    long bottom = low;
    Vma vma = vmas.find(low);
    for (; vma != null && bottom < high; vma = vmas.find(vma.end)) {
      if (Math.min(vma.startGap(), high) - bottom >= length) {
        return bottom;
      }
      bottom = Math.max(bottom, vma.end);
    }
    return high - bottom >= length ? bottom : -Errno.ENOMEM;
  }
}
