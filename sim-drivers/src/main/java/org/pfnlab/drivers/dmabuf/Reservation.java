package org.pfnlab.drivers.dmabuf;

import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;

/**
 * dma_resv: a buffer's lock (a ww-mutex) and the fences of work on it.
 *
 * <p>One thread runs here, so contention is declared: {@link #holdElsewhere} says that another task
 * has the lock and lets it go once somebody waits for it; {@link #interruptNextWait} says that a
 * signal arrives during that wait. Left out: several objects locked in one go, and so EDEADLK.
 */
public final class Reservation {
  /** The lock was taken. */
  public static final Event LOCK = Event.define("dmabuf.resv_lock", "reservation lock taken");

  /** The lock was not to be had at once. */
  public static final Event CONTENDED =
      Event.define("dmabuf.resv_contended", "reservation lock found held");

  /** Somebody waited for a fence. */
  public static final Event FENCE_WAIT = Event.define("dmabuf.fence_wait", "dma_fence waited for");

  /** The error inside the kernel that restarts a system call; no user sees it. */
  public static final int ERESTARTSYS = 512;

  /** What the work behind a fence does (enum dma_resv_usage), strongest first. */
  public enum Usage {
    /** Moves and clears by the kernel: everybody waits. */
    KERNEL,
    /** Writes. */
    WRITE,
    /** Reads. */
    READ,
    /** Nobody waits implicitly. */
    BOOKKEEP
  }

  private record Entry(Fence fence, Usage usage) {}

  private final Meter meter;
  private final List<Entry> fences = new ArrayList<>();
  private boolean locked;
  private boolean heldElsewhere;
  private boolean interrupted;

  /** Free, without fences. */
  public Reservation(Meter meter) {
    this.meter = meter;
  }

  /** Another task takes the lock; it lets it go when somebody waits. */
  public void holdElsewhere() {
    heldElsewhere = true;
  }

  /** A signal will arrive during the next wait for the lock or for a fence. */
  public void interruptNextWait() {
    interrupted = true;
  }

  /** dma_resv_trylock. */
  public boolean tryLock() {
    if (locked) {
      throw new IllegalStateException("this reservation is locked already; unlock it first");
    }
    if (heldElsewhere) {
      meter.count(CONTENDED);
      return false;
    }
    locked = true;
    meter.lock(LOCK);
    return true;
  }

  /** dma_resv_lock_interruptible: 0, or -ERESTARTSYS if a signal came while waiting. */
  public long lockInterruptible() {
    if (!tryLock()) {
      if (isInterrupted()) {
        return -ERESTARTSYS;
      }
      heldElsewhere = false;
      tryLock();
    }
    return 0;
  }

  /** dma_resv_unlock. */
  public void unlock() {
    if (!locked) {
      throw new IllegalStateException("this reservation is not locked");
    }
    locked = false;
    meter.unlock(LOCK);
  }

  /** Whether we hold the lock. */
  public boolean isLocked() {
    return locked;
  }

  /** dma_resv_add_fence. */
  public void add(Fence fence, Usage usage) {
    fences.removeIf(entry -> entry.fence.isSignalled());
    fences.add(new Entry(fence, usage));
  }

  /** dma_resv_test_signaled: whether all work of this usage and stronger ones is done. */
  public boolean isIdle(Usage usage) {
    for (Entry entry : fences) {
      if (entry.usage.compareTo(usage) <= 0 && !entry.fence.isSignalled()) {
        return false;
      }
    }
    return true;
  }

  /** dma_resv_wait_timeout, interruptible: 0, or -ERESTARTSYS if a signal came while waiting. */
  public long waitFor(Usage usage) {
    for (Entry entry : fences) {
      if (entry.usage.compareTo(usage) <= 0 && !entry.fence.isSignalled()) {
        meter.count(FENCE_WAIT);
        if (isInterrupted()) {
          return -ERESTARTSYS;
        }
        entry.fence.signal();
      }
    }
    return 0;
  }

  private boolean isInterrupted() {
    boolean was = interrupted;
    interrupted = false;
    return was;
  }
}
