package org.pfnlab.core.vma;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.phys.Frames;

/**
 * move_pages (mm/migrate.c) on a machine with one NUMA node, where every page already is where it
 * may be: what is left is which entries count as pages at all.
 */
public final class MovePages {
  /** Pages that only this process maps. */
  public static final int MPOL_MF_MOVE = 2;

  /** Shared pages too. */
  public static final int MPOL_MF_MOVE_ALL = 4;

  /** An entry without a page is ENOENT like an empty one; before, EFAULT as for a core dump. */
  public static final Feature MOVE_PAGES_WALKS_FOLIOS =
      Feature.define(
          "MOVE_PAGES_WALKS_FOLIOS",
          "v6.12: do_pages_move and do_pages_stat use folio_walk instead of follow_page",
          Releases.since("v6.12"));

  /** follow_page passes over PROT_NONE entries. */
  public static final Feature FOLLOW_PAGE_SKIPS_PROTNONE =
      Feature.define(
          "FOLLOW_PAGE_SKIPS_PROTNONE",
          "474098edac26, v6.1: gup_can_follow_protnone; gone with d74943a2f3cd, v6.6",
          Releases.since("v6.1").until("v6.6"));

  private final Frames frames;
  private final NormalPage normalPage;
  private final boolean walksFolios;
  private final boolean skipsProtNone;

  /** Asks by the rules of this kernel. */
  public MovePages(Kernel kernel, Frames frames, NormalPage normalPage) {
    this.frames = frames;
    this.normalPage = normalPage;
    this.walksFolios = kernel.has(MOVE_PAGES_WALKS_FOLIOS);
    this.skipsProtNone = kernel.has(FOLLOW_PAGE_SKIPS_PROTNONE);
  }

  /**
   * move_pages(2) on the caller itself.
   *
   * @param addresses one byte address a page
   * @param nodes where each should go; null to ask where it is
   * @param status filled with the node, always 0, or -EFAULT (no page that could be moved), -ENOENT
   *     (nothing mapped)
   * @param flags MPOL_MF_* bits
   * @return 0, -EINVAL (flags), -ENODEV (a node that does not exist; the status of those before is
   *     filled)
   */
  public long movePages(Mm mm, long[] addresses, int @Nullable [] nodes, int[] status, int flags) {
    if ((flags & ~(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL)) != 0) {
      return -Errno.EINVAL;
    }
    mm.readLock();
    try {
      for (int i = 0; i < addresses.length; i++) {
        if (nodes != null && nodes[i] != 0) {
          return -Errno.ENODEV;
        }
        status[i] = (int) statusOf(mm, addresses[i], nodes != null);
      }
      return 0;
    } finally {
      mm.readUnlock();
    }
  }

  private long statusOf(Mm mm, long address, boolean moves) {
    Vma vma = mm.vmas.lookup(address);
    if (vma == null || (moves && !isMigratable(vma))) {
      return -Errno.EFAULT;
    }
    long pte = mm.pageTable.get(address);
    if (!Pte.present(pte) || (skipsProtNone && Pte.protNone(pte))) {
      return Pte.none(pte) ? empty(vma) : -Errno.ENOENT;
    }
    int level = mm.pageTable.levelAt(address);
    long pfn =
        level > 1 ? normalPage.ofHuge(vma, address, pte, level) : normalPage.of(vma, address, pte);
    if (pfn >= 0) {
      return 0;
    }
    long raw = Pte.pfn(pte, level);
    boolean zero = raw == frames.zeroPfn() || normalPage.isHugeZero(raw);
    return walksFolios && !zero ? -Errno.ENOENT : -Errno.EFAULT;
  }

  /** no_page_table with FOLL_DUMP: where a fault would only find zeros the answer was EFAULT. */
  private long empty(Vma vma) {
    VmOps ops = vma.ops;
    boolean zeros = ops == null || !ops.hasFault();
    return zeros && !walksFolios ? -Errno.EFAULT : -Errno.ENOENT;
  }

  /** vma_migratable. */
  static boolean isMigratable(Vma vma) {
    return !vma.hasAny(VmFlags.VM_IO | VmFlags.VM_PFNMAP);
  }
}
