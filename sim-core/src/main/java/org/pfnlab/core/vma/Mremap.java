package org.pfnlab.core.vma;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/**
 * mremap (mm/mremap.c): shrinks, grows and moves mappings, with the checks in the kernel's order.
 *
 * <p>The order is what user space sees of the eras: until v6.16 the target of MREMAP_FIXED is
 * unmapped before the source has been checked, so a refused call leaves a hole there; since v6.17
 * the checks come first, and a move of unchanged size takes every VMA in its range along, holes
 * staying holes.
 *
 * <p>Left out: RLIMIT_AS, RLIMIT_MEMLOCK and the commit limit (everybody is root here), hugetlb,
 * userfaultfd.
 */
public final class Mremap {
  /** The mapping may be moved to where there is room. */
  public static final int MREMAP_MAYMOVE = 1;

  /** It must be moved to exactly the new address; needs {@link #MREMAP_MAYMOVE}. */
  public static final int MREMAP_FIXED = 2;

  /** The old place stays mapped, but empty; needs {@link #MREMAP_MAYMOVE} and equal sizes. */
  public static final int MREMAP_DONTUNMAP = 4;

  /** mremap calls. */
  public static final Event MREMAP = Event.define("vma.mremap", "mremap");

  /** A hole at the old address is EFAULT before anything else is looked at. */
  public static final Feature MREMAP_LOOKS_UP_FIRST =
      Feature.define(
          "MREMAP_LOOKS_UP_FIRST",
          "550a7d60bd5e, v5.16: the VMA is looked up at once, because it may be hugetlb",
          Releases.since("v5.16"));

  /** Nothing is unmapped before the source has passed all checks. */
  public static final Feature MREMAP_CHECKS_FIRST =
      Feature.define(
          "MREMAP_CHECKS_FIRST",
          "v6.17: mm/mremap: check remap conditions earlier",
          Releases.since("v6.17"));

  /** A move of unchanged size may span several VMAs and holes. */
  public static final Feature MREMAP_MOVES_SEVERAL =
      Feature.define(
          "MREMAP_MOVES_SEVERAL",
          "v6.17: mm/mremap: permit mremap() move of multiple VMAs",
          Releases.since("v6.17"));

  private static final int KNOWN = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;

  private final Meter meter;
  private final UnmappedArea unmappedArea;
  private final Munmap munmap;
  private final VmaMove move;
  private final Populate populate;
  private final MremapChecks checks;
  private final GrowInPlace growth;
  private final boolean looksUpFirst;
  private final boolean checksFirst;
  private final boolean movesSeveral;

  /** Remaps by the rules of this kernel. */
  public Mremap(Kernel kernel, Munmap munmap, VmaMerge merge, VmaMove move, Populate populate) {
    this.meter = kernel.meter;
    this.unmappedArea = new UnmappedArea(kernel);
    this.munmap = munmap;
    this.move = move;
    this.populate = populate;
    this.checks = new MremapChecks(kernel);
    this.growth = new GrowInPlace(kernel, merge);
    this.looksUpFirst = kernel.has(MREMAP_LOOKS_UP_FIRST);
    this.checksFirst = kernel.has(MREMAP_CHECKS_FIRST);
    this.movesSeveral = kernel.has(MREMAP_MOVES_SEVERAL);
  }

  /**
   * mremap(2).
   *
   * @param oldLength bytes, rounded up to whole pages; 0 duplicates a shared mapping
   * @param newLength bytes, rounded up to whole pages
   * @param flags MREMAP_* bits
   * @param newAddress where to; only looked at with MREMAP_FIXED, or as a hint with
   *     MREMAP_DONTUNMAP
   * @return the address, or -EINVAL (arguments), -EFAULT (holes, several VMAs, a special VMA that
   *     would grow), -ENOMEM (no room), -EPERM (sealed), or what the driver says
   */
  public long mremap(
      Mm mm, long address, long oldLength, long newLength, int flags, long newAddress) {
    meter.count(MREMAP);
    long oldBytes = pageAlign(oldLength);
    long newBytes = pageAlign(newLength);
    if ((flags & ~KNOWN) != 0 || (address & 0xfff) != 0 || newBytes == 0) {
      return -Errno.EINVAL;
    }
    boolean badTarget = !checks.isTargetValid(address, oldBytes, newBytes, flags, newAddress);
    if (badTarget && !mayFaultBefore(flags, oldBytes, newBytes)) {
      return -Errno.EINVAL;
    }
    mm.writeLock();
    long result;
    try {
      result =
          badTarget
              ? mm.vmas.lookup(address) == null ? -Errno.EFAULT : -Errno.EINVAL
              : locked(mm, address, oldBytes, newBytes, flags, newAddress);
    } finally {
      mm.writeUnlock();
    }
    if (!Errno.isError(result) && Long.compareUnsigned(newBytes, oldBytes) > 0) {
      populateTail(mm, result + oldBytes, newBytes - oldBytes);
    }
    return result;
  }

  /** From v5.16 to v6.16 a hole at the old address was noticed before a bad new address. */
  private boolean mayFaultBefore(int flags, long oldBytes, long newBytes) {
    return looksUpFirst && !checksFirst && MremapChecks.areFlagsValid(flags, oldBytes, newBytes);
  }

  static boolean impliesNewAddress(int flags) {
    return (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0;
  }

  private long locked(
      Mm mm, long address, long oldBytes, long newBytes, int flags, long newAddress) {
    boolean targeted = impliesNewAddress(flags);
    if (targeted && checksFirst && mm.vmas.size() + 2 >= mm.maxMapCount - 3) {
      return -Errno.ENOMEM;
    }
    if (movesSeveral && (flags & MREMAP_FIXED) != 0 && oldBytes == newBytes) {
      return moveAll(mm, address, oldBytes, flags, newAddress);
    }
    if (looksUpFirst || checksFirst) {
      Vma vma = mm.vmas.lookup(address);
      if (vma == null) {
        return -Errno.EFAULT;
      }
      if (checksFirst) {
        long refused = checks.first(vma, address, oldBytes, newBytes, flags);
        if (refused != 0) {
          return refused;
        }
      }
    }
    return targeted
        ? moveTo(mm, address, oldBytes, newBytes, flags, newAddress)
        : resize(mm, address, oldBytes, newBytes, flags);
  }

  /** remap_move: every VMA of the range moves to the same distance; holes stay holes. */
  private long moveAll(Mm mm, long start, long bytes, int flags, long newAddress) {
    long end = start + bytes;
    long at = start;
    long target = newAddress;
    long lastEnd = start;
    Vma vma;
    while (at < end && (vma = mm.vmas.intersection(at, end)) != null) {
      if (at == start && start < vma.start) {
        return -Errno.EFAULT;
      }
      long from = Math.max(vma.start, start);
      long length = Math.min(end, vma.end) - from;
      if (at > start) {
        target += vma.start - lastEnd;
      }
      lastEnd = vma.end;
      if (!MremapChecks.movesWithOthers(vma) && (at > start || vma.end < end)) {
        return -Errno.EFAULT;
      }
      long refused = checks.first(vma, from, length, length, flags);
      if (refused != 0) {
        return refused;
      }
      long moved = moveTo(mm, from, length, length, flags, target);
      if (Errno.isError(moved)) {
        return moved;
      }
      target += length;
      at = from + length;
    }
    return at == start ? -Errno.EFAULT : newAddress;
  }

  /** mremap_to. */
  private long moveTo(
      Mm mm, long address, long oldLength, long newBytes, int flags, long newAddress) {
    if (!checksFirst && mm.vmas.size() + 2 >= mm.maxMapCount - 3) {
      return -Errno.ENOMEM;
    }
    boolean fixed = (flags & MREMAP_FIXED) != 0;
    if (fixed) {
      long failed = munmap.munmap(mm, newAddress, newBytes);
      if (failed != 0) {
        return failed;
      }
    }
    long oldBytes = oldLength;
    if (Long.compareUnsigned(oldBytes, newBytes) > 0) {
      long failed = munmap.munmap(mm, address + newBytes, oldBytes - newBytes);
      if (failed != 0) {
        return failed;
      }
      oldBytes = newBytes;
    }
    Vma vma = mm.vmas.lookup(address);
    if (vma == null) {
      return -Errno.EFAULT;
    }
    if (!checksFirst) {
      long refused = checks.resize(vma, address, oldBytes, newBytes, flags);
      if (refused != 0) {
        return refused;
      }
    }
    long target =
        unmappedArea.find(
            mm, vma.file, newAddress, newBytes, vma.pgoffOf(address), mapFlags(vma, fixed));
    if (Errno.isError(target)) {
      return target;
    }
    return move.move(vma, address, oldBytes, newBytes, target, (flags & MREMAP_DONTUNMAP) != 0);
  }

  /** Without a new address: shrink or grow in place, or move to where there is room. */
  private long resize(Mm mm, long address, long oldBytes, long newBytes, int flags) {
    if (Long.compareUnsigned(oldBytes, newBytes) >= 0) {
      long failed =
          oldBytes == newBytes ? 0 : munmap.munmap(mm, address + newBytes, oldBytes - newBytes);
      return failed != 0 ? failed : address;
    }
    Vma vma = mm.vmas.lookup(address);
    if (vma == null) {
      return -Errno.EFAULT;
    }
    if (!checksFirst) {
      long refused = checks.resize(vma, address, oldBytes, newBytes, flags);
      if (refused != 0) {
        return refused;
      }
    }
    long more = newBytes - oldBytes;
    if (oldBytes == vma.end - address && growth.hasRoom(mm, vma, more)) {
      return growth.grow(mm, vma, more) ? address : -Errno.ENOMEM;
    }
    if ((flags & MREMAP_MAYMOVE) == 0) {
      return -Errno.ENOMEM;
    }
    long target =
        unmappedArea.find(mm, vma.file, 0, newBytes, vma.pgoffOf(address), mapFlags(vma, false));
    return Errno.isError(target)
        ? target
        : move.move(vma, address, oldBytes, newBytes, target, false);
  }

  private static int mapFlags(Vma vma, boolean fixed) {
    return (fixed ? MapFlags.MAP_FIXED : 0)
        | (vma.has(VmFlags.VM_MAYSHARE) ? MapFlags.MAP_SHARED : 0);
  }

  /** What an mlocked mapping gained is populated; errors are ignored. */
  private void populateTail(Mm mm, long start, long bytes) {
    @Nullable Vma vma = mm.vmas.lookup(start);
    if (vma == null || !vma.has(VmFlags.VM_LOCKED)) {
      return;
    }
    mm.readLock();
    populate.range(mm, start, bytes, true);
    mm.readUnlock();
  }

  private static long pageAlign(long length) {
    return (length + 4095) & ~4095L;
  }
}
