package org.pfnlab.core.vma;

import static org.pfnlab.core.vma.Advice.MADV_COLD;
import static org.pfnlab.core.vma.Advice.MADV_COLLAPSE;
import static org.pfnlab.core.vma.Advice.MADV_DONTNEED;
import static org.pfnlab.core.vma.Advice.MADV_DONTNEED_LOCKED;
import static org.pfnlab.core.vma.Advice.MADV_FREE;
import static org.pfnlab.core.vma.Advice.MADV_GUARD_INSTALL;
import static org.pfnlab.core.vma.Advice.MADV_GUARD_REMOVE;
import static org.pfnlab.core.vma.Advice.MADV_KEEPONFORK;
import static org.pfnlab.core.vma.Advice.MADV_PAGEOUT;
import static org.pfnlab.core.vma.Advice.MADV_POPULATE_READ;
import static org.pfnlab.core.vma.Advice.MADV_POPULATE_WRITE;
import static org.pfnlab.core.vma.Advice.MADV_REMOVE;
import static org.pfnlab.core.vma.Advice.MADV_SEQUENTIAL;
import static org.pfnlab.core.vma.Advice.MADV_WILLNEED;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.GupSlow;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.LruBatches;

/**
 * madvise (mm/madvise.c): walks the VMAs of a range and gives each the advice; what lies before a
 * refusal has taken it. A hole does not stop the walk, but the answer is ENOMEM then.
 *
 * <p>Left out: MADV_HWPOISON and MADV_SOFT_OFFLINE, which are unknown advice here as without
 * CONFIG_MEMORY_FAILURE; swapping in by MADV_WILLNEED; the question of MADV_PAGEOUT whether the
 * caller could write to the file, for everybody is root.
 */
public final class Madvise {
  /** madvise calls. */
  public static final Event MADVISE = Event.define("vma.madvise", "do_madvise");

  /** lock_vma_under_rcu calls of madvise. */
  public static final Event VMA_LOCK =
      Event.define("vma.madvise_vma_lock", "lock_vma_under_rcu: per-VMA lock tried by madvise");

  /** Advice that only zaps or cleans entries of one VMA takes the lock of that VMA alone. */
  public static final Feature MADVISE_UNDER_VMA_LOCK =
      Feature.define(
          "MADVISE_UNDER_VMA_LOCK",
          "a6fde7add78d, v6.17: use per_vma lock for MADV_DONTNEED; MADV_FREE likewise",
          Releases.since("v6.17"));

  /** MADV_POPULATE_READ and MADV_POPULATE_WRITE exist. */
  public static final Feature MADV_POPULATE =
      Feature.define(
          "MADV_POPULATE",
          "4ca9b3859dac, v5.14: MADV_POPULATE_(READ|WRITE)",
          Releases.since("v5.14"));

  /** MADV_POPULATE_* end at a hole instead of going on behind it. */
  public static final Feature MADV_POPULATE_ENDS_AT_HOLE =
      Feature.define(
          "MADV_POPULATE_ENDS_AT_HOLE",
          "631426ba1d45, v6.9: MADV_POPULATE_* no longer walk VMA by VMA",
          Releases.since("v6.9"));

  /** MADV_DONTNEED_LOCKED exists. */
  public static final Feature MADV_DONTNEED_OF_LOCKED =
      Feature.define("MADV_DONTNEED_OF_LOCKED", "9457056ac426, v5.18", Releases.since("v5.18"));

  /** MADV_COLLAPSE exists. */
  public static final Feature MADV_COLLAPSES =
      Feature.define("MADV_COLLAPSES", "7d8faaf15545, v6.1", Releases.since("v6.1"));

  /** The map limit is EAGAIN like other lack of memory, no longer ENOMEM. */
  public static final Feature MADVISE_LIMIT_IS_EAGAIN =
      Feature.define(
          "MADVISE_LIMIT_IS_EAGAIN",
          "ac1e9acc5acf, v5.17: madvise_vma_behavior converts every ENOMEM",
          Releases.since("v5.17"));

  private final Meter meter;
  private final VmaModify modify;
  private final GupSlow gup;
  private final PageAdvice pages;
  private final GuardRegions guards;
  private final LruBatches lru;
  private final boolean populates;
  private final boolean populateEndsAtHole;
  private final boolean dontNeedsLocked;
  private final boolean collapses;
  private final boolean guardsExist;
  private final boolean limitIsEagain;
  private final boolean triesVmaLock;
  private final FileAdvice files;

  /** Advises by the rules of this kernel. */
  public Madvise(
      Kernel kernel,
      VmaModify modify,
      GupSlow gup,
      PageAdvice pages,
      GuardRegions guards,
      LruBatches lru) {
    this.meter = kernel.meter;
    this.modify = modify;
    this.gup = gup;
    this.pages = pages;
    this.guards = guards;
    this.lru = lru;
    this.populates = kernel.has(MADV_POPULATE);
    this.populateEndsAtHole = kernel.has(MADV_POPULATE_ENDS_AT_HOLE);
    this.dontNeedsLocked = kernel.has(MADV_DONTNEED_OF_LOCKED);
    this.collapses = kernel.has(MADV_COLLAPSES);
    this.guardsExist = kernel.has(GuardRegions.GUARD_REGIONS);
    this.limitIsEagain = kernel.has(MADVISE_LIMIT_IS_EAGAIN);
    this.triesVmaLock = kernel.has(MADVISE_UNDER_VMA_LOCK);
    this.files = new FileAdvice(kernel, lru);
  }

  /**
   * madvise(2).
   *
   * @param length bytes, rounded up to whole pages
   * @param advice one of {@link Advice}
   * @return 0, or -EINVAL (arguments, or advice that this kind of VMA does not take), -ENOMEM
   *     (holes), -EPERM (sealed), -EAGAIN, -EFAULT, or what the object says
   */
  public long madvise(Mm mm, long start, long length, int advice) {
    meter.count(MADVISE);
    long bytes = (length + 4095) & ~4095L;
    long end = start + bytes;
    if (!isKnown(advice)
        || (start & 0xfff) != 0
        || (length != 0 && bytes == 0)
        || Long.compareUnsigned(end, start) < 0) {
      return -Errno.EINVAL;
    }
    if (end == start) {
      return 0;
    }
    if (Long.compareUnsigned(end, Mm.TASK_SIZE) > 0) {
      // Nothing is mapped up there: one more hole, behind everything else.
      long result =
          start < 0 || start >= Mm.TASK_SIZE ? 0 : locked(mm, start, Mm.TASK_SIZE, advice);
      return result == 0 ? -Errno.ENOMEM : result;
    }
    return locked(mm, start, end, advice);
  }

  private boolean isKnown(int advice) {
    return switch (advice) {
      case MADV_POPULATE_READ, MADV_POPULATE_WRITE -> populates;
      case MADV_DONTNEED_LOCKED -> dontNeedsLocked;
      case MADV_COLLAPSE -> collapses;
      case MADV_GUARD_INSTALL, MADV_GUARD_REMOVE -> guardsExist;
      default ->
          (advice >= 0 && advice <= MADV_DONTNEED)
              || (advice >= MADV_FREE && advice <= MADV_PAGEOUT);
    };
  }

  /** madvise_lock: what only walks takes mmap_lock for reading, what changes VMAs for writing. */
  private long locked(Mm mm, long start, long end, int advice) {
    if (triesVmaLock
        && (advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED || advice == MADV_FREE)) {
      meter.count(VMA_LOCK);
      Vma vma = mm.vmas.lookup(start);
      if (vma != null && end <= vma.end) {
        return advise(vma, start, end, advice);
      }
    }
    boolean writes =
        advice <= MADV_SEQUENTIAL || (advice > MADV_REMOVE && advice <= MADV_KEEPONFORK);
    if (writes) {
      mm.writeLock();
    } else {
      mm.readLock();
    }
    try {
      return populateEndsAtHole && isPopulate(advice)
          ? populate(mm, start, end, advice)
          : walk(mm, start, end, advice);
    } finally {
      if (writes) {
        mm.writeUnlock();
      } else {
        mm.readUnlock();
      }
    }
  }

  /** madvise_walk_vmas. */
  private long walk(Mm mm, long start, long end, int advice) {
    long hole = 0;
    long at = start;
    while (at < end) {
      Vma vma = mm.vmas.intersection(at, end);
      if (vma == null) {
        return -Errno.ENOMEM;
      }
      if (at < vma.start) {
        hole = -Errno.ENOMEM;
        at = vma.start;
      }
      long to = Math.min(vma.end, end);
      long failed = advise(vma, at, to, advice);
      if (failed != 0) {
        return failed;
      }
      at = to;
    }
    return hole;
  }

  /** madvise_vma_behavior. */
  private long advise(Vma vma, long start, long end, int advice) {
    if (vma.has(VmFlags.VM_SEALED)
        && Advice.discards(advice)
        && vma.isAnonymous()
        && !vma.has(VmFlags.VM_WRITE)) {
      return -Errno.EPERM;
    }
    return switch (advice) {
      case MADV_REMOVE -> files.remove(vma, start, end);
      case MADV_WILLNEED -> files.willNeed(vma, start, end);
      case MADV_COLD -> pages.cold(vma, start, end);
      case MADV_PAGEOUT -> pages.pageOut(vma, start, end);
      case MADV_FREE -> pages.free(vma, start, end);
      case MADV_DONTNEED -> pages.dontNeed(vma, start, end, false);
      case MADV_DONTNEED_LOCKED -> pages.dontNeed(vma, start, end, true);
      case MADV_COLLAPSE -> pages.collapse(vma, start, end);
      case MADV_GUARD_INSTALL -> guards.install(vma, start, end);
      case MADV_GUARD_REMOVE -> guards.remove(vma, start, end);
      case MADV_POPULATE_READ, MADV_POPULATE_WRITE -> populate(vma.mm, start, end, advice);
      default -> setFlags(vma, start, end, advice);
    };
  }

  private long setFlags(Vma vma, long start, long end, int advice) {
    long flags = Advice.newFlags(vma, advice);
    if (Errno.isError(flags)) {
      return flags;
    }
    if (flags == vma.flags) {
      return 0;
    }
    @Nullable Vma target = modify.modify(vma, start, end, flags);
    if (target == null) {
      boolean converted = limitIsEagain && modify.errno() == -Errno.ENOMEM;
      return converted ? -Errno.EAGAIN : modify.errno();
    }
    target.flags = flags | (target.flags & VmFlags.VM_MAYBE_GUARD);
    return 0;
  }

  private static boolean isPopulate(int advice) {
    return advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
  }

  /** madvise_populate: no page may be missing afterwards, and no VMA is passed over. */
  private long populate(Mm mm, long start, long end, int advice) {
    int flags =
        GupFlags.FOLL_TOUCH
            | GupFlags.FOLL_HWPOISON
            | GupFlags.FOLL_MADV_POPULATE
            | GupFlags.FOLL_UNLOCKABLE;
    if (advice == MADV_POPULATE_WRITE) {
      flags |= GupFlags.FOLL_WRITE;
    }
    if (mm.untouched) {
      return mayPopulate(mm, start, end, advice);
    }
    long at = start;
    while (at < end) {
      int wanted = (int) Math.min((end - at) >>> 12, Integer.MAX_VALUE);
      long got = gup.get(mm, at, wanted, flags, null);
      lru.drain();
      if (got < 0) {
        return got;
      }
      at += got << 12;
    }
    return 0;
  }

  /** What faultin_page_range asks of the VMAs before it faults anything in. */
  private long mayPopulate(Mm mm, long start, long end, int advice) {
    long access = advice == MADV_POPULATE_WRITE ? VmFlags.VM_WRITE : VmFlags.VM_READ;
    long at = start;
    while (at < end) {
      Vma vma = mm.vmas.lookup(at);
      if (vma == null) {
        return -Errno.ENOMEM;
      }
      if (!vma.has(access) || vma.hasAny(VmFlags.VM_IO | VmFlags.VM_PFNMAP)) {
        return -Errno.EINVAL;
      }
      if (guards.isGuarded(vma, at, Math.min(vma.end, end))) {
        return -Errno.EFAULT;
      }
      at = vma.end;
    }
    return 0;
  }
}
