package org.pfnlab.core.task;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.gup.GupFast;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.phys.Frames;

/**
 * futex(2)'s FUTEX_WAIT and FUTEX_WAKE (kernel/futex): who waits where. A private futex is named by
 * its address alone; a shared one by the page behind it (get_futex_key), which breaks COW to find
 * out.
 */
public final class Futexes {
  /** What {@link #wait} returns when the process sleeps. */
  public static final long BLOCKED = 1;

  private enum Kind {
    PRIVATE,
    ANONYMOUS,
    INODE
  }

  /**
   * futex_key.
   *
   * @param owner the address space, or the object's page cache
   * @param offset the address, or the byte in the object
   */
  private record Key(Kind kind, Object owner, long offset) {
    boolean matches(Key other) {
      return kind == other.kind && owner == other.owner && offset == other.offset;
    }
  }

  private record Waiter(Process process, Key key) {}

  private final Meter meter;
  private final Frames frames;
  private final GupFast gup;
  private final Pins pins;
  private final UserAccess access;
  private final List<Waiter> waiters = new ArrayList<>();
  private final long[] page = new long[1];
  private @Nullable Key found;

  /** Finds pages by the rules of this kernel. */
  public Futexes(Kernel kernel, Frames frames, GupFast gup, Pins pins, UserAccess access) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.gup = gup;
    this.pins = pins;
    this.access = access;
  }

  /**
   * FUTEX_WAIT: sleeps if the 32-bit word still holds the value.
   *
   * @return {@link #BLOCKED}, -EAGAIN (another value), -EINVAL (misaligned), -EFAULT, -EEXIST
   *     (shared, an entry without a page, since v5.18)
   */
  public long wait(Process process, long address, int expected, boolean isPrivate) {
    long failed = findKey(process.mm, address, isPrivate);
    if (failed != 0) {
      return failed;
    }
    Key key = key();
    long value = access.getUser(process.mm, address);
    if (value < 0) {
      return -Errno.EFAULT;
    }
    if ((int) value != expected) {
      return -Errno.EAGAIN;
    }
    waiters.add(new Waiter(process, key));
    return BLOCKED;
  }

  /**
   * FUTEX_WAKE: wakes those who came first. A private one never touches the memory.
   *
   * @param most how many at most; 0 wakes one too
   * @return how many, or an error as {@link #wait} has them
   */
  public long wake(Process process, long address, int most, boolean isPrivate) {
    long failed = findKey(process.mm, address, isPrivate);
    if (failed != 0) {
      return failed;
    }
    Key key = key();
    long woken = 0;
    for (int i = 0; i < waiters.size() && woken < Math.max(most, 1); ) {
      if (waiters.get(i).key.matches(key)) {
        waiters.remove(i);
        woken++;
      } else {
        i++;
      }
    }
    return woken;
  }

  /** Whether the process sleeps in {@link #wait}. */
  public boolean isBlocked(Process process) {
    return waiters.stream().anyMatch(waiter -> waiter.process == process);
  }

  /** A signal ends the sleep: -EINTR, or 0 if the process had been woken already. */
  public long interrupt(Process process) {
    return waiters.removeIf(waiter -> waiter.process == process) ? -Errno.EINTR : 0;
  }

  /** Forgets who waits. */
  public void reset() {
    waiters.clear();
  }

  private Key key() {
    Key key = found;
    if (key == null) {
      throw new IllegalStateException("findKey must succeed first");
    }
    found = null;
    return key;
  }

  /** get_futex_key: 0 with {@link #found} set, or -errno. */
  private long findKey(Mm mm, long address, boolean isPrivate) {
    if (!meter.tracing) {
      return look(mm, address, isPrivate);
    }
    meter.enter("get_futex_key", address, isPrivate ? 0 : 1);
    long failed = look(mm, address, isPrivate);
    meter.exit("get_futex_key", failed);
    return failed;
  }

  private long look(Mm mm, long address, boolean isPrivate) {
    if ((address & 3) != 0) {
      return -Errno.EINVAL;
    }
    if (Long.compareUnsigned(address, Mm.TASK_SIZE) >= 0) {
      return -Errno.EFAULT;
    }
    if (isPrivate) {
      found = new Key(Kind.PRIVATE, mm, address);
      return 0;
    }
    boolean readOnly = false;
    long got = gup.get(mm, address, 1, GupFlags.FOLL_GET | GupFlags.FOLL_WRITE, page);
    if (got == -Errno.EFAULT) {
      got = gup.get(mm, address, 1, GupFlags.FOLL_GET, page);
      readOnly = true;
    }
    if (got < 0) {
      return got;
    }
    long failed = keyOf(mm, address, page[0], readOnly);
    pins.put(page[0]);
    return failed;
  }

  /** A page that belongs to nobody cannot name a futex, nor can one that a store would replace. */
  private long keyOf(Mm mm, long address, long pfn, boolean readOnly) {
    Object owner = frames.mapping(pfn);
    if (owner instanceof AddressSpace object) {
      found = new Key(Kind.INODE, object, (frames.index(pfn) << 12) + (address & 0xfff));
      return 0;
    }
    if (owner == null || readOnly) {
      return -Errno.EFAULT;
    }
    found = new Key(Kind.ANONYMOUS, mm, address);
    return 0;
  }
}
