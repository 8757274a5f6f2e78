package org.pfnlab.core.vma;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/**
 * msync (mm/msync.c): only MS_SYNC on a shared writable file does anything, and that is the file's
 * fsync. No flag of the VMA but VM_LOCKED and VM_SHARED is looked at.
 */
public final class Msync {
  /** Start writing; a no-op in Linux. */
  public static final int MS_ASYNC = 1;

  /** Invalidate other mappings; a no-op in Linux, but refused where pages are locked. */
  public static final int MS_INVALIDATE = 2;

  /** Write and wait. */
  public static final int MS_SYNC = 4;

  /** Syncs. */
  public Msync() {}

  /**
   * msync(2).
   *
   * @param length bytes, rounded up to whole pages
   * @param flags MS_* bits
   * @return 0, -EINVAL (arguments; a driver without fsync), -ENOMEM (holes: the rest is synced,
   *     except with MS_ASYNC alone), -EBUSY (MS_INVALIDATE of locked pages), or what fsync says
   */
  public long msync(Mm mm, long start, long length, int flags) {
    if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) != 0
        || (start & 0xfff) != 0
        || (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC)) {
      return -Errno.EINVAL;
    }
    long end = start + ((length + 4095) & ~4095L);
    if (Long.compareUnsigned(end, start) < 0) {
      return -Errno.ENOMEM;
    }
    if (end == start) {
      return 0;
    }
    mm.readLock();
    try {
      return walk(mm, start, end, flags);
    } finally {
      mm.readUnlock();
    }
  }

  private static long walk(Mm mm, long start, long end, int flags) {
    long hole = 0;
    long at = start;
    while (true) {
      Vma vma = Long.compareUnsigned(at, Mm.TASK_SIZE) < 0 ? mm.vmas.find(at) : null;
      if (vma == null) {
        return -Errno.ENOMEM;
      }
      if (at < vma.start) {
        if (flags == MS_ASYNC || Long.compareUnsigned(vma.start, end) >= 0) {
          return -Errno.ENOMEM;
        }
        at = vma.start;
        hole = -Errno.ENOMEM;
      }
      if ((flags & MS_INVALIDATE) != 0 && vma.has(VmFlags.VM_LOCKED)) {
        return -Errno.EBUSY;
      }
      long from = vma.pgoffOf(at) << 12;
      long to = Math.min(end, vma.end);
      long failed = (flags & MS_SYNC) != 0 ? sync(mm, vma, from, from + to - at) : 0;
      at = vma.end;
      if (failed != 0) {
        return failed;
      }
      if (Long.compareUnsigned(at, end) >= 0) {
        return hole;
      }
    }
  }

  /** vfs_fsync_range, called without mmap_lock. */
  private static long sync(Mm mm, Vma vma, long from, long to) {
    OpenFile file = vma.file;
    if (file == null || !vma.has(VmFlags.VM_SHARED)) {
      return 0;
    }
    file.get();
    mm.readUnlock();
    long result = file.ops.fsyncRange(file, from, to);
    file.put();
    mm.readLock();
    return result;
  }
}
