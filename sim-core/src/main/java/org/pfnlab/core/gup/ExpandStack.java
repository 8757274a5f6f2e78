package org.pfnlab.core.gup;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.rmap.AnonRmap;

/**
 * expand_downwards, find_extend_vma: a VM_GROWSDOWN VMA reaches down to an address below it. Any
 * distance will do within RLIMIT_STACK, but stack_guard_gap must stay free above the next lower VMA
 * unless that one is inaccessible or itself grows down.
 */
public final class ExpandStack {
  /** Stacks grown. */
  public static final Event EXPANDED = Event.define("gup.stack_expanded", "expand_downwards");

  private final Meter meter;
  private final AnonRmap anonRmap;

  /** Expands by the rules of this kernel. */
  public ExpandStack(Kernel kernel, AnonRmap anonRmap) {
    this.meter = kernel.meter;
    this.anonRmap = anonRmap;
  }

  /** The VMA at this address, grown if that is what it takes; null if there is none. */
  public @Nullable Vma find(Mm mm, long address) {
    Vma vma = mm.vmas.find(address);
    if (vma == null || vma.start <= address) {
      return vma;
    }
    return vma.has(VmFlags.VM_GROWSDOWN) && expand(vma, address) == 0 ? vma : null;
  }

  /**
   * Grows the VMA down to the page of this address, which lies below it.
   *
   * @return 0, -EPERM below mmap_min_addr, or -ENOMEM (guard gap, RLIMIT_STACK)
   */
  private long expand(Vma vma, long address) {
    long start = address & ~0xfffL;
    if (start < Mm.MMAP_MIN_ADDR) {
      return -Errno.EPERM;
    }
    Mm mm = vma.mm;
    Vma below = mm.vmas.previous(vma.start);
    if (below != null
        && !below.has(VmFlags.VM_GROWSDOWN)
        && below.isAccessible()
        && start - below.end < Mm.STACK_GUARD_GAP) {
      return -Errno.ENOMEM;
    }
    long grown = (vma.start - start) >>> 12;
    if (grown > vma.pgoff || vma.end - start > Mm.STACK_LIMIT) {
      return -Errno.ENOMEM;
    }
    anonRmap.prepare(vma);
    meter.count(EXPANDED);
    vma.setRange(start, vma.end);
    vma.pgoff -= grown;
    mm.totalVm += grown;
    if (vma.has(VmFlags.VM_LOCKED)) {
      mm.lockedVm += grown;
    }
    return 0;
  }
}
