package org.pfnlab.core.vma;

import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/**
 * brk(2) and do_brk_flags: the heap between start_brk and brk grows and shrinks by whole pages, brk
 * itself by bytes.
 *
 * <p>Left out: RLIMIT_DATA, RLIMIT_AS and the commit limit, as everywhere in this room; a heap
 * whose pages are executable because of the personality.
 */
public final class Brk {
  /** brk calls. */
  public static final Event BRK = Event.define("vma.brk", "brk");

  /** The heap never grows into the VMA below it; before, the bss took it in. */
  public static final Feature BRK_GROWS_HEAP_ONLY =
      Feature.define(
          "BRK_GROWS_HEAP_ONLY",
          "2e7ce7d354f2, v6.1: brk expands only a VMA behind start_brk",
          Releases.since("v6.1"));

  private static final long HEAP_FLAGS =
      VmFlags.VM_READ | VmFlags.VM_WRITE | VmFlags.VM_MAY_ALL | VmFlags.VM_ACCOUNT;

  private final Meter meter;
  private final Munmap munmap;
  private final VmaMerge merge;
  private final Populate populate;
  private final boolean heapOnly;

  /** Moves the end of the heap by the rules of this kernel. */
  public Brk(Kernel kernel, Munmap munmap, VmaMerge merge, Populate populate) {
    this.meter = kernel.meter;
    this.munmap = munmap;
    this.merge = merge;
    this.populate = populate;
    this.heapOnly = kernel.has(BRK_GROWS_HEAP_ONLY);
  }

  /**
   * brk(2).
   *
   * @param wanted byte address; anything below start_brk only asks
   * @return the end of the heap afterwards: the wanted one, or the old one if that cannot be had
   */
  public long brk(Mm mm, long wanted) {
    meter.count(BRK);
    long old = mm.brk;
    mm.writeLock();
    try {
      if (Long.compareUnsigned(wanted, mm.startBrk) < 0
          || Long.compareUnsigned(wanted, Mm.TASK_SIZE) > 0
          || !move(mm, pageAlign(mm.brk), pageAlign(wanted))) {
        return mm.brk;
      }
      mm.brk = wanted;
    } finally {
      mm.writeUnlock();
    }
    if ((mm.defFlags & VmFlags.VM_LOCKED) != 0 && wanted > old) {
      mm.readLock();
      populate.range(mm, pageAlign(old), pageAlign(wanted) - pageAlign(old), true);
      mm.readUnlock();
    }
    return wanted;
  }

  private boolean move(Mm mm, long oldEnd, long newEnd) {
    if (newEnd < oldEnd) {
      return munmap.munmap(mm, newEnd, oldEnd - newEnd) == 0;
    }
    return newEnd == oldEnd || (hasRoom(mm, oldEnd, newEnd) && grow(mm, oldEnd, newEnd));
  }

  /** A page stays free behind the heap, below a stack the whole gap. */
  private static boolean hasRoom(Mm mm, long oldEnd, long newEnd) {
    Vma next = mm.vmas.find(oldEnd);
    return newEnd <= Mm.TASK_SIZE
        && (next == null || newEnd + 4096 <= next.startGap())
        && mm.vmas.size() <= mm.maxMapCount;
  }

  /** do_brk_flags. */
  private boolean grow(Mm mm, long oldEnd, long newEnd) {
    long flags = HEAP_FLAGS | mm.defFlags;
    Vma heap = mm.vmas.previous(oldEnd);
    boolean expands = heap != null && (!heapOnly || heap.end > mm.startBrk);
    Vma grown =
        expands ? merge.newRange(mm, oldEnd, newEnd, flags, oldEnd >>> 12, null, null, null) : null;
    if (grown == null) {
      grown = new Vma(mm, oldEnd, newEnd, oldEnd >>> 12, flags);
      mm.vmas.insert(grown);
      PageProt.set(grown);
    }
    long pages = (newEnd - oldEnd) >>> 12;
    mm.totalVm += pages;
    if ((flags & VmFlags.VM_LOCKED) != 0) {
      mm.lockedVm += pages;
    }
    return true;
  }

  private static long pageAlign(long address) {
    return (address + 4095) & ~4095L;
  }
}
