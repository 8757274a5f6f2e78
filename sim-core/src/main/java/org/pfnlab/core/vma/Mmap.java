package org.pfnlab.core.vma;

import static org.pfnlab.core.vma.MapFlags.MAP_ANONYMOUS;
import static org.pfnlab.core.vma.MapFlags.MAP_DROPPABLE;
import static org.pfnlab.core.vma.MapFlags.MAP_FIXED;
import static org.pfnlab.core.vma.MapFlags.MAP_FIXED_NOREPLACE;
import static org.pfnlab.core.vma.MapFlags.MAP_LOCKED;
import static org.pfnlab.core.vma.MapFlags.MAP_NONBLOCK;
import static org.pfnlab.core.vma.MapFlags.MAP_NORESERVE;
import static org.pfnlab.core.vma.MapFlags.MAP_POPULATE;
import static org.pfnlab.core.vma.MapFlags.MAP_PRIVATE;
import static org.pfnlab.core.vma.MapFlags.MAP_SHARED;
import static org.pfnlab.core.vma.MapFlags.MAP_SHARED_VALIDATE;
import static org.pfnlab.core.vma.MapFlags.MAP_TYPE;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.HookPoint;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.rmap.Zap;

/** do_mmap and mmap_region (mm/mmap.c, mm/vma.c): checks, placement, merging, the driver's turn. */
public final class Mmap {
  /** Asked after a driver's mmap operation has succeeded; -errno undoes the mapping. */
  @FunctionalInterface
  public interface AfterDriverMmap {
    /** 0, or -errno to refuse. */
    long check(Vma vma);
  }

  /** After file_operations.mmap returned 0, before the VMA is linked. */
  public static final HookPoint<AfterDriverMmap> AFTER_DRIVER_MMAP =
      HookPoint.define(
          "mmap_region:after_driver_mmap",
          (first, second) ->
              vma -> {
                long refused = first.check(vma);
                return refused != 0 ? refused : second.check(vma);
              });

  /** MAP_DROPPABLE exists. */
  public static final Feature MAP_DROPPABLE_TYPE =
      Feature.define("MAP_DROPPABLE_TYPE", "9651fcedf7b9, v6.11", Releases.since("v6.11"));

  /** MAP_STACK means something: no huge pages. */
  public static final Feature STACK_WITHOUT_HUGE_PAGES =
      Feature.define(
          "STACK_WITHOUT_HUGE_PAGES",
          "c4608d1bf7c6, v6.7: map MAP_STACK to VM_NOHUGEPAGE",
          Releases.since("v6.7"));

  private final UnmappedArea unmappedArea;
  private final boolean stacksAreSmall;
  private final Meter meter;
  private final Munmap munmap;
  private final VmaMerge merge;
  private final Zap zap;
  private final Populate populate;
  private final SharedAnonymous sharedAnonymous;
  private final @Nullable AfterDriverMmap afterDriverMmap;
  private final boolean droppable;

  /** Maps through these. */
  public Mmap(
      Kernel kernel,
      Munmap munmap,
      VmaMerge merge,
      Zap zap,
      Populate populate,
      SharedAnonymous sharedAnonymous) {
    this.unmappedArea = new UnmappedArea(kernel);
    this.stacksAreSmall = kernel.has(STACK_WITHOUT_HUGE_PAGES);
    this.meter = kernel.meter;
    this.munmap = munmap;
    this.merge = merge;
    this.zap = zap;
    this.populate = populate;
    this.sharedAnonymous = sharedAnonymous;
    this.afterDriverMmap = kernel.hooks().get(AFTER_DRIVER_MMAP);
    this.droppable = kernel.has(MAP_DROPPABLE_TYPE);
  }

  /**
   * mmap(2).
   *
   * @param address hint, or the exact address with MAP_FIXED
   * @param length bytes
   * @param prot PROT_* bits; unknown ones are ignored, as Linux does
   * @param flags MAP_* bits
   * @param file the open file; not looked at with MAP_ANONYMOUS
   * @param offset bytes
   * @return the address, or -errno
   */
  public long mmap(
      Mm mm, long address, long length, int prot, int flags, @Nullable OpenFile file, long offset) {
    if ((offset & 0xfff) != 0) {
      return -Errno.EINVAL;
    }
    boolean anonymous = (flags & MAP_ANONYMOUS) != 0;
    if (!anonymous && file == null) {
      return -Errno.EBADF;
    }
    mm.writeLock();
    long result;
    try {
      result = doMmap(mm, address, length, prot, flags, anonymous ? null : file, offset >>> 12);
    } finally {
      mm.writeUnlock();
    }
    if (!Errno.isError(result) && populates(mm, flags)) {
      mm.readLock();
      populate.range(mm, result, pageAlign(length), true);
      mm.readUnlock();
    }
    return result;
  }

  /**
   * VM_LOCKED was asked for, also by mlockall(MCL_FUTURE), or MAP_POPULATE without MAP_NONBLOCK.
   */
  private static boolean populates(Mm mm, int flags) {
    return ((flags & MAP_LOCKED) != 0 || (mm.defFlags & VmFlags.VM_LOCKED) != 0)
        || (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
  }

  private long doMmap(
      Mm mm, long hint, long length, int prot, int requested, @Nullable OpenFile file, long pgoff) {
    if (length == 0) {
      return -Errno.EINVAL;
    }
    int flags = requested;
    if ((flags & MAP_FIXED_NOREPLACE) != 0) {
      flags |= MAP_FIXED;
    }
    boolean fixed = (flags & MAP_FIXED) != 0;
    long start = fixed ? hint : roundHint(hint);
    long bytes = pageAlign(length);
    if (bytes == 0) {
      return -Errno.ENOMEM;
    }
    if (Long.compareUnsigned(pgoff + (bytes >>> 12), pgoff) < 0) {
      return -Errno.EOVERFLOW;
    }
    if (mm.vmas.size() > mm.maxMapCount) {
      return -Errno.ENOMEM;
    }
    start = unmappedArea.find(mm, file, start, bytes, pgoff, flags);
    if (Errno.isError(start)) {
      return start;
    }
    if ((flags & MAP_FIXED_NOREPLACE) != 0 && mm.vmas.intersection(start, start + bytes) != null) {
      return -Errno.EEXIST;
    }
    long vmFlags =
        MapFlags.vmProt(prot)
            | MapFlags.vmFlags(flags, stacksAreSmall)
            | mm.defFlags
            | VmFlags.VM_MAY_ALL;
    if (file != null && !endsInside(file, pgoff, bytes)) {
      return -Errno.EOVERFLOW;
    }
    long typed =
        file != null ? fileFlags(file, prot, flags, vmFlags) : anonymousFlags(flags, vmFlags);
    if (Errno.isError(typed)) {
      return typed;
    }
    vmFlags = typed;
    if ((flags & MAP_NORESERVE) != 0) {
      vmFlags |= VmFlags.VM_NORESERVE;
    }
    long offset = file != null ? pgoff : (vmFlags & VmFlags.VM_MAYSHARE) != 0 ? 0 : start >>> 12;
    return region(mm, start, bytes, vmFlags, file, offset);
  }

  /**
   * get_unmapped_area, as mmap(2) with these arguments would ask it now; nothing is changed.
   *
   * @return the address, or -errno
   */
  public long place(
      Mm mm, long address, long length, int flags, @Nullable OpenFile file, long offset) {
    long start = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0 ? address : roundHint(address);
    OpenFile mapped = (flags & MAP_ANONYMOUS) != 0 ? null : file;
    int effective = (flags & MAP_FIXED_NOREPLACE) != 0 ? flags | MAP_FIXED : flags;
    return unmappedArea.find(mm, mapped, start, pageAlign(length), offset >>> 12, effective);
  }

  private static long roundHint(long hint) {
    long page = hint & ~0xfffL;
    return hint != 0 && Long.compareUnsigned(page, Mm.MMAP_MIN_ADDR) < 0 ? Mm.MMAP_MIN_ADDR : page;
  }

  /** file_mmap_ok. */
  private static boolean endsInside(OpenFile file, long pgoff, long bytes) {
    long max = file.ops.maxBytes();
    return Long.compareUnsigned(bytes, max) <= 0
        && Long.compareUnsigned(pgoff, (max - bytes) >>> 12) <= 0;
  }

  /** The map-type switch of do_mmap for files: flags, or -errno. */
  private static long fileFlags(OpenFile file, int prot, int flags, long initial) {
    long vmFlags = initial;
    int type = flags & MAP_TYPE;
    if (type == MAP_SHARED_VALIDATE
        && (flags & ~(MapFlags.LEGACY | (int) file.ops.mmapSupportedFlags() | MAP_TYPE)) != 0) {
      return -Errno.EOPNOTSUPP;
    }
    if (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) {
      if ((prot & MapFlags.PROT_WRITE) != 0 && !file.canAccess(OpenFile.FMODE_WRITE)) {
        return -Errno.EACCES;
      }
      vmFlags |= VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE;
      if (!file.canAccess(OpenFile.FMODE_WRITE)) {
        vmFlags &= ~(VmFlags.VM_MAYWRITE | VmFlags.VM_SHARED);
      }
    } else if (type != MAP_PRIVATE) {
      return -Errno.EINVAL;
    }
    if (!file.canAccess(OpenFile.FMODE_READ)) {
      return -Errno.EACCES;
    }
    if (!file.ops.hasMmap()) {
      return -Errno.ENODEV;
    }
    return (vmFlags & VmFlags.VM_GROWSDOWN) != 0
        ? -Errno.EINVAL
        : file.ops.allowedFlags(file, vmFlags);
  }

  /** The map-type switch of do_mmap for anonymous memory: flags, or -errno. */
  private long anonymousFlags(int flags, long vmFlags) {
    return switch (flags & MAP_TYPE) {
      case MAP_SHARED ->
          (vmFlags & VmFlags.VM_GROWSDOWN) != 0
              ? -Errno.EINVAL
              : vmFlags | VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE;
      case MAP_PRIVATE -> vmFlags;
      case MAP_DROPPABLE -> {
        boolean refused = !droppable || (vmFlags & VmFlags.VM_LOCKED) != 0;
        yield refused
            ? -Errno.EINVAL
            : vmFlags
                | VmFlags.VM_DROPPABLE
                | VmFlags.VM_NORESERVE
                | VmFlags.VM_WIPEONFORK
                | VmFlags.VM_DONTDUMP;
      }
      default -> -Errno.EINVAL;
    };
  }

  private long region(
      Mm mm, long start, long bytes, long initial, @Nullable OpenFile file, long pgoff) {
    long flags = initial;
    long end = start + bytes;
    long refused = munmap.munmap(mm, start, bytes);
    if (refused != 0) {
      return refused;
    }
    // accountable_mapping: private writable memory is charged when it is mapped.
    if ((flags & (VmFlags.VM_NORESERVE | VmFlags.VM_SHARED | VmFlags.VM_WRITE))
        == VmFlags.VM_WRITE) {
      flags |= VmFlags.VM_ACCOUNT;
    }
    Vma merged = merge.newRange(mm, start, end, flags, pgoff, file, null, null);
    if (merged != null) {
      mm.totalVm += bytes >>> 12;
      settleLock(mm, merged, bytes);
      return start;
    }
    Vma vma = new Vma(mm, start, end, pgoff, flags);
    if (file != null) {
      long failed = callMmap(vma, file);
      if (failed != 0) {
        return failed;
      }
    } else if (vma.has(VmFlags.VM_SHARED)) {
      OpenFile object = sharedAnonymous.create(bytes);
      vma.file = object;
      long failed = object.ops.mmap(vma);
      if (failed != 0) {
        return failed;
      }
    }
    mm.vmas.insert(vma);
    VmaLinks.linkFile(vma);
    mm.totalVm += bytes >>> 12;
    settleLock(mm, vma, bytes);
    PageProt.set(vma);
    return start;
  }

  private long callMmap(Vma vma, OpenFile file) {
    file.get();
    vma.file = file;
    vma.ops = VmOps.DUMMY;
    long failed = file.ops.mmap(vma);
    if (failed == 0 && afterDriverMmap != null) {
      failed = afterDriverMmap.check(vma);
    }
    if (failed != 0) {
      // What the driver has inserted goes; close is not called, for the mapping never existed.
      meter.count(Munmap.UNMAP_VMAS);
      zap.unmapSingleVma(vma, vma.start, vma.end);
      OpenFile current = vma.file;
      if (current != null) {
        current.put();
      }
    }
    return failed;
  }

  /** VM_LOCKED never stays on a special VMA; elsewhere it is counted. */
  private static void settleLock(Mm mm, Vma vma, long bytes) {
    if (!vma.has(VmFlags.VM_LOCKED)) {
      return;
    }
    if (vma.hasAny(VmFlags.VM_SPECIAL | VmFlags.VM_HUGETLB)) {
      vma.flags &= ~VmFlags.VM_LOCKED_MASK;
    } else {
      mm.lockedVm += bytes >>> 12;
    }
  }

  private static long pageAlign(long length) {
    return (length + 4095) & ~4095L;
  }
}
