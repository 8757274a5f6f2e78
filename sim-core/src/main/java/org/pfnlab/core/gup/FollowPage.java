package org.pfnlab.core.gup;

import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.phys.Frames;

/**
 * follow_page_mask, follow_page_pte, follow_trans_huge_pmd: the slow path's look at the page
 * tables, with its tests in the kernel's order.
 *
 * <p>Left out: NUMA hinting entries, soft-dirty and userfaultfd reasons against a forced write,
 * device memory with page maps, poisoned pages.
 */
public final class FollowPage {
  /** follow_page_mask calls. */
  public static final Event FOLLOWED = Event.define("gup.follow_page", "follow_page_mask");

  /** try_grab_page calls of the slow path. */
  public static final Event GRABBED = Event.define("gup.slow_grab", "try_grab_page, slow path");

  /**
   * A forced write follows a read-only entry once it is dirty after a COW break (FOLL_COW); later
   * kernels ask whether the page is anonymous and exclusive.
   */
  public static final Feature GUP_FOLL_COW =
      Feature.define(
          "GUP_FOLL_COW",
          "gone with 5535be309971, v6.0, which repairs CVE-2022-2590",
          Releases.before("v6.0"));

  /**
   * An entry without a page is EEXIST for everybody; before, EFAULT for FOLL_GET, and for FOLL_PIN
   * a success that stores nothing.
   */
  public static final Feature GUP_RETURNS_EEXIST =
      Feature.define(
          "GUP_RETURNS_EEXIST",
          "65462462ffb2, v5.18: follow_pfn_pte no longer tests FOLL_GET",
          Releases.since("v5.18"));

  /** A PROT_NONE entry is followed like any other. */
  public static final Feature GUP_FOLLOWS_PROTNONE =
      Feature.define(
          "GUP_FOLLOWS_PROTNONE",
          "d74943a2f3cd, v6.6: only FOLL_HONOR_NUMA_FAULT stops at PROT_NONE",
          Releases.since("v6.6"));

  /** FOLL_COW of kernels before v6.0: COW was broken, a read-only entry will do. */
  static final int FOLL_COW = 1 << 30;

  /** Nothing is here that could be followed: fault it in. */
  static final long MISSING = Long.MIN_VALUE;

  /** follow_page_pte calls: the page table of small entries is there. */
  static final Event SMALL = Event.define("gup.follow_small", "follow_page_pte");

  private static final KernelBug NO_STRUCT_PAGE =
      new KernelBug("follow_trans_huge_pmd", "a huge leaf names a frame without a struct page");

  private final Meter meter;
  private final Frames frames;
  private final NormalPage normalPage;
  private final Pins pins;
  private final Unshare unshare;
  private final boolean follCow;
  private final boolean returnsEexist;
  private final boolean followsProtNone;
  private final boolean savedDirty;

  FollowPage(Kernel kernel, Frames frames, NormalPage normalPage, Pins pins, Unshare unshare) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.normalPage = normalPage;
    this.pins = pins;
    this.unshare = unshare;
    this.follCow = kernel.has(GUP_FOLL_COW);
    this.returnsEexist = kernel.has(GUP_RETURNS_EEXIST);
    this.followsProtNone = kernel.has(GUP_FOLLOWS_PROTNONE);
    this.savedDirty = kernel.has(Arch.X86_SAVED_DIRTY);
  }

  /**
   * The page at this address with the reference that the flags ask for.
   *
   * @return its pfn, {@link #MISSING}, -EMLINK (unshare it first), -EEXIST (an entry without a
   *     page), -EFAULT, -ENOMEM
   */
  long page(Vma vma, long address, int flags) {
    meter.count(FOLLOWED);
    if (!meter.tracing) {
      return look(vma, address, flags);
    }
    meter.enter("follow_page_mask", address, flags);
    long found = look(vma, address, flags);
    if (found == MISSING) {
      meter.note("nothing that could be followed: " + describe(vma, address));
    } else if (found == -Errno.EEXIST || found == -Errno.EFAULT) {
      meter.note("an entry without a page: " + describe(vma, address));
    } else if (found == -Errno.EMLINK) {
      meter.note("must be unshared first: " + describe(vma, address));
    }
    meter.exit("follow_page_mask", found == MISSING ? 0 : found);
    return found;
  }

  private static String describe(Vma vma, long address) {
    return Pte.describe(vma.mm.pageTable.get(address));
  }

  private long look(Vma vma, long address, int flags) {
    PageTable pageTable = vma.mm.pageTable;
    PageTable.Table leaf = pageTable.leaf(address);
    if (leaf != null) {
      return small(vma, address, leaf.entries[PageTable.index(address)], flags);
    }
    int level = pageTable.levelAt(address);
    return level == 0
        ? noPageTable(vma, flags)
        : huge(vma, address, pageTable.get(address), level, flags);
  }

  private long small(Vma vma, long address, long pte, int flags) {
    meter.count(SMALL);
    if (Pte.none(pte)) {
      return noPageTable(vma, flags);
    }
    if (!Pte.present(pte) || !mayFollowProtNone(pte, flags)) {
      return MISSING;
    }
    boolean write = (flags & GupFlags.FOLL_WRITE) != 0;
    if (follCow && write && !mayWriteBefore60(pte, flags)) {
      return MISSING;
    }
    long pfn = normalPage.of(vma, address, pte);
    if (!follCow && write && !mayWrite(vma, pte, flags, pfn)) {
      return MISSING;
    }
    if (pfn < 0) {
      if ((flags & GupFlags.FOLL_DUMP) != 0) {
        return -Errno.EFAULT;
      }
      if (Pte.pfn(pte) != frames.zeroPfn()) {
        return entryWithoutPage(vma, address, pte, flags);
      }
      pfn = Pte.pfn(pte);
    }
    if (!Pte.write(pte) && unshare.isNeeded(vma, flags, frames.flags(pfn))) {
      return -Errno.EMLINK;
    }
    if (!grab(pfn, flags)) {
      return -Errno.ENOMEM;
    }
    touch(pfn, pte, flags);
    return pfn;
  }

  private boolean mayFollowProtNone(long pte, int flags) {
    return followsProtNone || !Pte.protNone(pte) || (flags & GupFlags.FOLL_FORCE) != 0;
  }

  private static boolean mayWriteBefore60(long pte, int flags) {
    return Pte.write(pte)
        || (GupFlags.has(flags, GupFlags.FOLL_FORCE | FOLL_COW) && Pte.dirty(pte));
  }

  /** can_follow_write_pte. */
  private boolean mayWrite(Vma vma, long pte, int flags, long pfn) {
    if (Pte.write(pte)) {
      return true;
    }
    return (flags & GupFlags.FOLL_FORCE) != 0
        && !vma.hasAny(VmFlags.VM_MAYSHARE | VmFlags.VM_SHARED | VmFlags.VM_WRITE)
        && vma.has(VmFlags.VM_MAYWRITE)
        && pfn >= 0
        && (frames.flags(pfn) & (Frames.ANON | Frames.ANON_EXCLUSIVE))
            == (Frames.ANON | Frames.ANON_EXCLUSIVE);
  }

  /** no_page_table: a dump must not allocate what a fault would only fill with zeros. */
  private static long noPageTable(Vma vma, int flags) {
    VmOps ops = vma.ops;
    boolean zeros = ops == null || !ops.hasFault();
    return (flags & GupFlags.FOLL_DUMP) != 0 && zeros ? -Errno.EFAULT : MISSING;
  }

  /** follow_pfn_pte: somebody put a raw frame into a VMA that get_user_pages may enter. */
  private long entryWithoutPage(Vma vma, long address, long pte, int flags) {
    if (!returnsEexist && (flags & GupFlags.FOLL_GET) != 0) {
      return -Errno.EFAULT;
    }
    if ((flags & GupFlags.FOLL_TOUCH) != 0) {
      long touched = Pte.mkYoung(pte);
      if ((flags & GupFlags.FOLL_WRITE) != 0) {
        touched = Pte.mkDirty(touched, savedDirty);
      }
      if (touched != pte) {
        vma.mm.pageTable.set(address, touched);
      }
    }
    return -Errno.EEXIST;
  }

  /** Huge leaves: no kernel looks at their special bit here; check_vma_flags has to suffice. */
  private long huge(Vma vma, long address, long leaf, int level, int flags) {
    if (!Pte.present(leaf) || !mayFollowProtNone(leaf, flags)) {
      return MISSING;
    }
    long pfn = Pte.pfn(leaf, level) + ((address & PageTable.span(level) - 1) >>> 12);
    boolean write = (flags & GupFlags.FOLL_WRITE) != 0;
    boolean hasPage = frames.hasPage(pfn);
    boolean writable =
        follCow ? mayWriteBefore60(leaf, flags) : mayWrite(vma, leaf, flags, hasPage ? pfn : -1);
    if (write && !writable) {
      return MISSING;
    }
    if (!hasPage) {
      throw NO_STRUCT_PAGE;
    }
    if ((flags & GupFlags.FOLL_DUMP) != 0 && normalPage.isHugeZero(pfn)) {
      return -Errno.EFAULT;
    }
    if (!Pte.write(leaf) && unshare.isNeeded(vma, flags, frames.flags(pfn))) {
      return -Errno.EMLINK;
    }
    if (!grab(pfn, flags)) {
      return -Errno.ENOMEM;
    }
    touch(pfn, leaf, flags);
    return pfn;
  }

  private boolean grab(long pfn, int flags) {
    meter.count(GRABBED);
    return pins.grab(pfn, flags);
  }

  private void touch(long pfn, long pte, int flags) {
    if (GupFlags.has(flags, GupFlags.FOLL_TOUCH | GupFlags.FOLL_WRITE) && !Pte.dirty(pte)) {
      frames.set(pfn, Frames.DIRTY);
    }
    if ((flags & GupFlags.FOLL_TOUCH) != 0) {
      frames.lru().markAccessed(pfn);
    }
  }
}
