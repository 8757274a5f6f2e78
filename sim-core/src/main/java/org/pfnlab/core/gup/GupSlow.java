package org.pfnlab.core.gup;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelHang;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.phys.Frames;

/**
 * get_user_pages and pin_user_pages, the path that asks the VMAs (__get_user_pages of mm/gup.c):
 * check the VMA, look at the page table, fault in what is missing, look again.
 *
 * <p>Long-term pins of frames in a CMA area: no page of this model can be migrated out of one, so
 * kernels that insist spin, and older ones pin where they are.
 */
public final class GupSlow {
  /** __get_user_pages calls. */
  public static final Event CALLED = Event.define("gup.slow_call", "__get_user_pages");

  /** faultin_page calls. */
  public static final Event FAULTED_IN = Event.define("gup.faultin_page", "faultin_page");

  /** get_user_pages does not grow stacks; only the CPU's own accesses and /proc/pid/mem do. */
  public static final Feature GUP_LEAVES_STACK =
      Feature.define(
          "GUP_LEAVES_STACK",
          "8d7071af8907, v6.5: stacks grow with mmap_lock held for writing only; in 6.1.y stable",
          Releases.since("v6.5").backportedTo("v6.1.37").backportedTo("v6.4.1"));

  /** FOLL_LONGTERM without FOLL_PIN is a caller's mistake. */
  public static final Feature LONGTERM_NEEDS_PIN =
      Feature.define(
          "LONGTERM_NEEDS_PIN",
          "in 6.1 and 6.18, not in 5.11: FOLL_LONGTERM without FOLL_PIN warns and is EINVAL",
          Releases.since("v6.1"));

  /** Long-term pins insist on pages outside of CMA areas and movable zones. */
  public static final Feature LONGTERM_INSISTS_ON_MIGRATION =
      Feature.define(
          "LONGTERM_INSISTS_ON_MIGRATION",
          "d1e153fea2a8, v5.13: migrate pinned pages out of movable zone, retried until it works",
          Releases.since("v5.13"));

  /** Whether VM_FAULT_RETRY and a wrong NOPAGE get this many chances before we call it a hang. */
  private static final int SPINS_AFTER = 16;

  private static final long SKIPPED = Long.MIN_VALUE + 1;
  private static final long BROKE_COW = 1;

  private static final KernelHang SPINS =
      new KernelHang("__get_user_pages", "faulting in succeeds but leaves nothing to follow");

  /** Thrown where a long-term pin waits for ever for a page to leave its CMA area. */
  static final KernelHang CMA_SPINS =
      new KernelHang(
          "__gup_longterm_locked", "a page in a CMA area cannot be migrated and is tried again");

  private final Meter meter;
  private final Kernel kernel;
  private final Frames frames;
  private final FaultHandler faults;
  private final ExpandStack stack;
  private final Pins pins;
  private final VmaCheck vmaCheck;
  private final FollowPage follow;
  private final boolean follCow;
  private final boolean returnsEexist;
  private final boolean growsStack;
  private final boolean longtermNeedsPin;
  private final boolean insistsOnMigration;

  /** Gets pages by the rules of this kernel. */
  public GupSlow(
      Kernel kernel,
      Frames frames,
      NormalPage normalPage,
      FaultHandler faults,
      ExpandStack stack,
      Pins pins) {
    this.meter = kernel.meter;
    this.kernel = kernel;
    this.frames = frames;
    this.faults = faults;
    this.stack = stack;
    this.pins = pins;
    this.vmaCheck = new VmaCheck(kernel);
    this.follow = new FollowPage(kernel, frames, normalPage, pins, new Unshare(kernel));
    this.follCow = kernel.has(FollowPage.GUP_FOLL_COW);
    this.returnsEexist = kernel.has(FollowPage.GUP_RETURNS_EEXIST);
    this.growsStack = !kernel.has(GUP_LEAVES_STACK);
    this.longtermNeedsPin = kernel.has(LONGTERM_NEEDS_PIN);
    this.insistsOnMigration = kernel.has(LONGTERM_INSISTS_ON_MIGRATION);
  }

  /**
   * {@link #get} with mmap_lock taken for reading meanwhile (get_user_pages_unlocked).
   *
   * @param from where in the array the first pfn goes
   */
  public long getUnlocked(Mm mm, long address, int nPages, int flags, long[] pages, int from) {
    mm.readLock();
    try {
      return get(mm, address, nPages, flags | GupFlags.FOLL_UNLOCKABLE, pages, from);
    } finally {
      mm.readUnlock();
    }
  }

  /**
   * Gets pages one after the other until something stops it; mmap_lock is held by the caller.
   *
   * @param address any byte of the first page
   * @param flags {@link GupFlags}; FOLL_GET or FOLL_PIN takes references, neither only faults in;
   *     get_user_pages and the fast path's second try imply FOLL_TOUCH, pin_user_pages does not
   * @param pages where the pfns go; null to fault in only, which passes over entries without a page
   * @return pages got, or -errno if there is none: EFAULT, EEXIST (an entry without a page),
   *     ENOMEM, EINVAL (flags)
   */
  public long get(Mm mm, long address, int nPages, int flags, long @Nullable [] pages) {
    return get(mm, address, nPages, flags, pages, 0);
  }

  private long get(Mm mm, long address, int nPages, int flags, long @Nullable [] pages, int from) {
    if (!areValid(flags)) {
      return -Errno.EINVAL;
    }
    if ((flags & GupFlags.FOLL_PIN) != 0) {
      mm.hasPinned = true;
    }
    if (meter.tracing) {
      meter.enter("__get_user_pages", address, nPages);
    }
    long got = walk(mm, address & ~0xfffL, nPages, flags, pages, from);
    if (meter.tracing) {
      meter.exit("__get_user_pages", got);
    }
    boolean longterm = (flags & GupFlags.FOLL_LONGTERM) != 0;
    if (longterm && insistsOnMigration && got > 0 && pages != null) {
      requirePinnable(pages, from, (int) got, flags);
    }
    return got;
  }

  private boolean areValid(int flags) {
    boolean both = GupFlags.has(flags, GupFlags.FOLL_GET | GupFlags.FOLL_PIN);
    boolean unpinned =
        longtermNeedsPin
            && (flags & (GupFlags.FOLL_LONGTERM | GupFlags.FOLL_PIN)) == GupFlags.FOLL_LONGTERM;
    if (both || unpinned) {
      kernel
          .log()
          .warn("is_valid_gup_args", both ? "FOLL_GET with FOLL_PIN" : "FOLL_LONGTERM alone");
      return false;
    }
    return true;
  }

  /** check_and_migrate_movable_pages, in a world where nothing migrates. */
  private void requirePinnable(long[] pages, int from, int n, int flags) {
    for (int i = from; i < from + n; i++) {
      if (!isLongtermPinnable(frames.flags(pages[i]))) {
        for (int k = from; k < from + n; k++) {
          if ((flags & GupFlags.FOLL_PIN) != 0) {
            pins.unpin(pages[k]);
          } else {
            pins.put(pages[k]);
          }
        }
        throw CMA_SPINS;
      }
    }
  }

  /**
   * folio_is_longterm_pinnable, always true for kernels that pin where the page is.
   *
   * @param kind the page's flags, {@link Frames#flags}
   */
  boolean isLongtermPinnable(int kind) {
    return !insistsOnMigration || (kind & Frames.CMA) == 0;
  }

  private long walk(Mm mm, long start, int nPages, int flags, long @Nullable [] pages, int from) {
    meter.count(CALLED);
    Vma vma = null;
    for (int i = 0; i < nPages; i++) {
      long address = start + ((long) i << 12);
      if (vma == null || address >= vma.end) {
        vma = growsStack ? stack.find(mm, address) : mm.vmas.lookup(address);
        long refused = vma == null ? noVma(flags) : checked(vma, address, flags);
        if (vma == null || refused != 0) {
          return i > 0 ? i : refused;
        }
      }
      long pfn = page(vma, address, flags, pages != null);
      if (pfn == SKIPPED) {
        continue;
      }
      if (pfn < 0) {
        return i > 0 ? i : pfn;
      }
      if (pages != null) {
        pages[from + i] = pfn;
      }
    }
    return nPages;
  }

  private static long noVma(int flags) {
    return (flags & GupFlags.FOLL_MADV_POPULATE) != 0 ? -Errno.ENOMEM : -Errno.EFAULT;
  }

  private long checked(Vma vma, long address, int flags) {
    long refused = vmaCheck.check(vma, address, flags);
    boolean populate = (flags & GupFlags.FOLL_MADV_POPULATE) != 0;
    return refused != 0 && populate ? -Errno.EINVAL : refused;
  }

  private long page(Vma vma, long address, int flags, boolean wanted) {
    int asked = flags;
    for (int attempt = 0; attempt < SPINS_AFTER; attempt++) {
      long found = follow.page(vma, address, asked);
      if (found >= 0) {
        return found;
      }
      if (found == -Errno.EEXIST) {
        return wanted && returnsEexist ? found : SKIPPED;
      }
      boolean unshare = found == -Errno.EMLINK;
      if (!unshare && found != FollowPage.MISSING) {
        return found;
      }
      long failed = faultIn(vma, address, asked, unshare);
      if (failed < 0) {
        return failed;
      }
      if (failed == BROKE_COW) {
        asked |= FollowPage.FOLL_COW;
      }
    }
    throw SPINS;
  }

  /** faultin_page: 0, {@link #BROKE_COW}, or -errno. */
  private long faultIn(Vma vma, long address, int flags, boolean unshare) {
    meter.count(FAULTED_IN);
    if ((flags & GupFlags.FOLL_NOFAULT) != 0) {
      return -Errno.EFAULT;
    }
    int faultFlags = (flags & GupFlags.FOLL_UNLOCKABLE) != 0 ? VmFault.FLAG_ALLOW_RETRY : 0;
    if ((flags & GupFlags.FOLL_WRITE) != 0) {
      faultFlags |= VmFault.FLAG_WRITE;
    }
    if ((flags & GupFlags.FOLL_REMOTE) != 0) {
      faultFlags |= VmFault.FLAG_REMOTE;
    }
    if (unshare) {
      faultFlags |= VmFault.FLAG_UNSHARE;
    }
    int result = faults.handleMmFault(vma, address, faultFlags);
    if ((result & VmFault.ERROR) != 0) {
      return errno(result, (flags & GupFlags.FOLL_HWPOISON) != 0);
    }
    boolean broke = (result & VmFault.WROTE) != 0 && !vma.has(VmFlags.VM_WRITE);
    return follCow && broke ? BROKE_COW : 0;
  }

  /** vm_fault_to_errno. */
  static long errno(int result, boolean tellsPoison) {
    if ((result & VmFault.OOM) != 0) {
      return -Errno.ENOMEM;
    }
    if ((result & VmFault.HWPOISON) != 0 && tellsPoison) {
      return -Errno.EHWPOISON;
    }
    return -Errno.EFAULT;
  }
}
