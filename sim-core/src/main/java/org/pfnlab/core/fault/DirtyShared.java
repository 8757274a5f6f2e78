package org.pfnlab.core.fault;

import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.phys.Frames;

/**
 * fault_dirty_shared_page: a store has made a page of a shared mapping dirty, and whoever dirties
 * the page cache is held back. To wait without the lock, the fault gives it up, if it may.
 */
final class DirtyShared {
  /** A fault that gave up its lock can say that nothing is left to be done. */
  static final Feature VM_FAULT_COMPLETED =
      Feature.define(
          "VM_FAULT_COMPLETED",
          "d92725256b4f, v6.0: before, such a fault was retried in full",
          Releases.since("v6.0"));

  /** fault_dirty_shared_page calls. */
  static final Event MARKED = Event.define("fault.dirty_shared", "fault_dirty_shared_page");

  private final Meter meter;
  private final Frames frames;
  private final int unlocked;

  DirtyShared(Kernel kernel, Frames frames) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.unlocked = kernel.has(VM_FAULT_COMPLETED) ? VmFault.COMPLETED : VmFault.RETRY;
  }

  /**
   * Marks the page dirty.
   *
   * @param notified whether the filesystem was told by page_mkwrite
   * @return 0, or what a fault answers that has given up its lock
   */
  int mark(VmFault fault, long pfn, boolean notified) {
    meter.count(MARKED);
    boolean dirtied = !frames.has(pfn, Frames.DIRTY);
    frames.set(pfn, Frames.DIRTY);
    boolean waits = (notified || dirtied) && frames.mapping(pfn) != null;
    return waits && isFirstTry(fault.flags) ? unlocked : 0;
  }

  /** fault_flag_allow_retry_first, and the caller does not mind waiting. */
  private static boolean isFirstTry(int flags) {
    int asked = VmFault.FLAG_ALLOW_RETRY | VmFault.FLAG_TRIED | VmFault.FLAG_RETRY_NOWAIT;
    return (flags & asked) == VmFault.FLAG_ALLOW_RETRY;
  }
}
