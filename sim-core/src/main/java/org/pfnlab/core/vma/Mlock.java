package org.pfnlab.core.vma;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pagetable.PteCursor;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.phys.LruBatches;

/**
 * mlock, mlock2, munlock, mlockall, munlockall (mm/mlock.c): sets VM_LOCKED where it means
 * something, then populates the whole range, whether it was locked or not.
 *
 * <p>Special VMAs take no lock and say so to nobody. Left out: RLIMIT_MEMLOCK and CAP_IPC_LOCK
 * (everybody is root here).
 */
public final class Mlock {
  /** Lock pages when they are faulted in (mlock2). */
  public static final int MLOCK_ONFAULT = 1;

  /** mlockall: what is mapped now. */
  public static final int MCL_CURRENT = 1;

  /** mlockall: what will be mapped. */
  public static final int MCL_FUTURE = 2;

  /** mlockall: pages when they are faulted in; not alone. */
  public static final int MCL_ONFAULT = 4;

  /** mlock_fixup calls that changed a VMA. */
  public static final Event LOCK_CHANGED =
      Event.define("vma.lock_changed", "mlock_fixup that changed a VMA");

  private static final long NEVER_LOCKED =
      VmFlags.VM_SPECIAL | VmFlags.VM_HUGETLB | VmFlags.VM_DROPPABLE;

  private final Meter meter;
  private final LruBatches lru;
  private final NormalPage normalPage;
  private final VmaModify modify;
  private final Populate populate;
  private final PteCursor cursor = new PteCursor();

  /** Locks through these. */
  public Mlock(
      Kernel kernel, LruBatches lru, NormalPage normalPage, VmaModify modify, Populate populate) {
    this.meter = kernel.meter;
    this.lru = lru;
    this.normalPage = normalPage;
    this.modify = modify;
    this.populate = populate;
  }

  /**
   * mlock(2): the pages that these bytes touch. What lies before a hole stays locked.
   *
   * @return 0, -ENOMEM (holes; pages that cannot be had, which stay locked all the same), -EAGAIN
   *     (no memory), -EINVAL (a range that wraps)
   */
  public long mlock(Mm mm, long start, long length) {
    return lock(mm, start, length, VmFlags.VM_LOCKED);
  }

  /**
   * mlock2(2).
   *
   * @param flags 0 or {@link #MLOCK_ONFAULT}
   * @return as {@link #mlock}, and -EINVAL for unknown flags
   */
  public long mlock2(Mm mm, long start, long length, int flags) {
    if ((flags & ~MLOCK_ONFAULT) != 0) {
      return -Errno.EINVAL;
    }
    return lock(mm, start, length, flags == 0 ? VmFlags.VM_LOCKED : VmFlags.VM_LOCKED_MASK);
  }

  /** munlock(2): 0, -ENOMEM (holes; what lies before is unlocked), -EINVAL. */
  public long munlock(Mm mm, long start, long length) {
    mm.writeLock();
    try {
      return apply(mm, start & ~0xfffL, bytes(start, length), 0);
    } finally {
      mm.writeUnlock();
    }
  }

  /** do_mlock. */
  private long lock(Mm mm, long start, long length, long flags) {
    long from = start & ~0xfffL;
    long bytes = bytes(start, length);
    mm.writeLock();
    long failed;
    try {
      failed = apply(mm, from, bytes, flags);
    } finally {
      mm.writeUnlock();
    }
    if (failed != 0) {
      return failed;
    }
    mm.readLock();
    try {
      return posixError(populate.range(mm, from, bytes, false));
    } finally {
      mm.readUnlock();
    }
  }

  private static long bytes(long start, long length) {
    return (length + (start & 0xfff) + 4095) & ~4095L;
  }

  /** __mlock_posix_error_return. */
  private static long posixError(long result) {
    if (result == -Errno.EFAULT) {
      return -Errno.ENOMEM;
    }
    return result == -Errno.ENOMEM ? -Errno.EAGAIN : result;
  }

  /** apply_vma_lock_flags. */
  private long apply(Mm mm, long start, long bytes, long flags) {
    long end = start + bytes;
    if (Long.compareUnsigned(end, start) < 0) {
      return -Errno.EINVAL;
    }
    long at = start;
    while (at != end) {
      Vma vma = mm.vmas.lookup(at);
      if (vma == null) {
        return -Errno.ENOMEM;
      }
      long to = Long.compareUnsigned(end, vma.end) < 0 ? end : vma.end;
      long failed = fixup(vma, at, to, flags);
      if (failed != 0) {
        return failed;
      }
      at = to;
    }
    return 0;
  }

  /** mlock_fixup. */
  private long fixup(Vma vma, long start, long end, long lockFlags) {
    long oldFlags = vma.flags;
    long newFlags = (oldFlags & ~VmFlags.VM_LOCKED_MASK) | lockFlags;
    if (newFlags == oldFlags || vma.hasAny(NEVER_LOCKED) || isSecretmem(vma)) {
      return 0;
    }
    @Nullable Vma target = modify.modify(vma, start, end, newFlags);
    if (target == null) {
      return modify.errno();
    }
    meter.count(LOCK_CHANGED);
    long pages = (end - start) >>> 12;
    if (lockFlags == 0) {
      target.mm.lockedVm -= pages;
    } else if ((oldFlags & VmFlags.VM_LOCKED) == 0) {
      target.mm.lockedVm += pages;
    }
    target.flags = newFlags | (target.flags & VmFlags.VM_MAYBE_GUARD);
    if (((oldFlags ^ newFlags) & VmFlags.VM_LOCKED) != 0) {
      lockPages(target, start, end);
    }
    return 0;
  }

  /** mlock_vma_pages_range: the pages that are there already. */
  private void lockPages(Vma vma, long start, long end) {
    lru.drain();
    cursor.reset(vma.mm.pageTable, start, end);
    while (cursor.next()) {
      long pte = cursor.value();
      if (cursor.level() > 1 || !Pte.present(pte)) {
        continue;
      }
      long pfn = normalPage.of(vma, cursor.addr(), pte);
      if (pfn >= 0 && vma.has(VmFlags.VM_LOCKED)) {
        lru.mlock(pfn);
      } else if (pfn >= 0) {
        lru.munlock(pfn);
      }
    }
    lru.drain();
  }

  private static boolean isSecretmem(Vma vma) {
    VmOps ops = vma.ops;
    return ops != null && ops.isSecretmem();
  }

  /**
   * mlockall(2). VMAs that refuse are passed over, and so are pages that cannot be had.
   *
   * @param flags MCL_* bits
   * @return 0 or -EINVAL
   */
  public long mlockall(Mm mm, int flags) {
    if (flags == 0
        || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) != 0
        || flags == MCL_ONFAULT) {
      return -Errno.EINVAL;
    }
    long lock = (flags & MCL_ONFAULT) != 0 ? VmFlags.VM_LOCKED_MASK : VmFlags.VM_LOCKED;
    boolean current = (flags & MCL_CURRENT) != 0;
    mm.writeLock();
    try {
      setDefault(mm, (flags & MCL_FUTURE) != 0 ? lock : 0);
      if (current) {
        applyToAll(mm, lock);
      }
    } finally {
      mm.writeUnlock();
    }
    if (current) {
      mm.readLock();
      populate.range(mm, 0, Mm.TASK_SIZE, true);
      mm.readUnlock();
    }
    return 0;
  }

  /** munlockall(2): 0. */
  public long munlockall(Mm mm) {
    mm.writeLock();
    try {
      setDefault(mm, 0);
      applyToAll(mm, 0);
    } finally {
      mm.writeUnlock();
    }
    return 0;
  }

  private static void setDefault(Mm mm, long lock) {
    mm.defFlags = (mm.defFlags & ~VmFlags.VM_LOCKED_MASK) | lock;
  }

  private void applyToAll(Mm mm, long lock) {
    long at = 0;
    Vma vma;
    while ((vma = mm.vmas.find(at)) != null) {
      at = vma.end;
      fixup(vma, vma.start, vma.end, lock);
    }
  }
}
