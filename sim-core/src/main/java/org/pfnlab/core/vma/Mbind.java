package org.pfnlab.core.vma;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pagetable.PteCursor;
import org.pfnlab.core.phys.Frames;

/**
 * mbind (mm/mempolicy.c) on a machine with one NUMA node: the checks of the call, and the walk that
 * looks for misplaced pages and cannot find any. Policies are not kept.
 */
public final class Mbind {
  public static final int MPOL_DEFAULT = 0;
  public static final int MPOL_PREFERRED = 1;
  public static final int MPOL_BIND = 2;
  public static final int MPOL_INTERLEAVE = 3;
  public static final int MPOL_LOCAL = 4;

  /** Misplaced pages are an error. */
  public static final int MPOL_MF_STRICT = 1;

  private static final int KNOWN_FLAGS =
      MPOL_MF_STRICT | MovePages.MPOL_MF_MOVE | MovePages.MPOL_MF_MOVE_ALL;

  /** The walk takes the struct page of a huge leaf without asking whether there is one. */
  private static final KernelBug NO_STRUCT_PAGE =
      new KernelBug("queue_folios_pmd", "the struct page of a special PMD is read");

  private final Frames frames;
  private final PteCursor cursor = new PteCursor();

  /** Looks at these frames. */
  public Mbind(Frames frames) {
    this.frames = frames;
  }

  /**
   * mbind(2).
   *
   * @param length bytes, rounded up to whole pages
   * @param mode MPOL_*
   * @param nodes a bit a node; only bit 0 exists
   * @param flags MPOL_MF_* bits
   * @return 0, -EINVAL (arguments), -EFAULT (holes, unless the mode is MPOL_DEFAULT)
   * @throws KernelBug over a huge leaf without struct pages, if the walk gets there
   */
  public long mbind(Mm mm, long start, long length, int mode, long nodes, int flags) {
    if ((flags & ~KNOWN_FLAGS) != 0 || (start & 0xfff) != 0 || !isPolicy(mode, nodes)) {
      return -Errno.EINVAL;
    }
    long end = start + ((length + 4095) & ~4095L);
    if (Long.compareUnsigned(end, start) < 0) {
      return -Errno.EINVAL;
    }
    if (end == start) {
      return 0;
    }
    mm.writeLock();
    try {
      int asked = mode == MPOL_DEFAULT ? flags & ~MPOL_MF_STRICT : flags;
      if (mode == MPOL_DEFAULT
          ? mm.vmas.intersection(start, end) == null
          : !Coverage.isWhole(mm, start, end)) {
        return -Errno.EFAULT;
      }
      queuePages(mm, start, end, asked);
      return 0;
    } finally {
      mm.writeUnlock();
    }
  }

  /** mpol_new and mpol_set_nodemask. */
  private static boolean isPolicy(int mode, long nodes) {
    return switch (mode) {
      case MPOL_DEFAULT, MPOL_LOCAL -> nodes == 0;
      case MPOL_PREFERRED -> nodes == 0 || (nodes & 1) != 0;
      case MPOL_BIND, MPOL_INTERLEAVE -> (nodes & 1) != 0;
      default -> false;
    };
  }

  /** queue_pages_range; VMAs that cannot migrate are walked only to be strict. */
  private void queuePages(Mm mm, long start, long end, int flags) {
    if (flags == 0) {
      return;
    }
    boolean strict = (flags & MPOL_MF_STRICT) != 0;
    long at = start;
    Vma vma;
    while (at < end && (vma = mm.vmas.intersection(at, end)) != null) {
      if (strict || MovePages.isMigratable(vma)) {
        walk(mm, Math.max(at, vma.start), Math.min(end, vma.end));
      }
      at = vma.end;
    }
  }

  private void walk(Mm mm, long start, long end) {
    cursor.reset(mm.pageTable, start, end);
    while (cursor.next()) {
      if (cursor.level() == 2 && !frames.hasPage(Pte.pfn(cursor.value(), 2))) {
        throw NO_STRUCT_PAGE;
      }
    }
  }
}
