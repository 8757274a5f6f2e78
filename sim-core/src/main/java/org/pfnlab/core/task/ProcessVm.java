package org.pfnlab.core.task;

import java.util.Arrays;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.GupSlow;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.PageBytes;

/**
 * process_vm_readv and process_vm_writev (mm/process_vm_access.c), one remote range: pages are
 * pinned by the slow path, without FOLL_FORCE, and copied. The local side is an array that never
 * faults.
 */
public final class ProcessVm {
  /** PVM_MAX_KMALLOC_PAGES' worth of page pointers. */
  private static final int PAGES_AT_ONCE = 1024;

  private static final KernelBug UNINITIALISED = Pins.neverStored("process_vm_rw_pages");

  private final Meter meter;
  private final GupSlow gup;
  private final Pins pins;
  private final PageBytes bytes;
  private final long[] pages = new long[PAGES_AT_ONCE];

  /** Pins by the rules of this kernel. */
  public ProcessVm(Kernel kernel, Frames frames, GupSlow gup, Pins pins) {
    this.meter = kernel.meter;
    this.gup = gup;
    this.pins = pins;
    this.bytes = new PageBytes(frames);
  }

  /**
   * Reads another process's memory.
   *
   * @return bytes, which end at the first page that cannot be pinned, or -EFAULT if that is the
   *     first
   * @throws KernelBug where get_user_pages claims a page that it did not store (before v5.18)
   */
  public long read(Mm mm, long address, byte[] into, int length) {
    return transfer(mm, address, into, length, false);
  }

  /** Writes into another process's memory; as {@link #read}. */
  public long write(Mm mm, long address, byte[] from, int length) {
    return transfer(mm, address, from, length, true);
  }

  private long transfer(Mm mm, long address, byte[] buffer, int length, boolean write) {
    if (!meter.tracing) {
      return rw(mm, address, buffer, length, write);
    }
    meter.enter("process_vm_rw", address, length);
    long result = rw(mm, address, buffer, length, write);
    meter.exit("process_vm_rw", result);
    return result;
  }

  private long rw(Mm mm, long address, byte[] buffer, int length, boolean write) {
    int flags =
        GupFlags.FOLL_PIN | GupFlags.FOLL_TOUCH | GupFlags.FOLL_REMOTE | GupFlags.FOLL_UNLOCKABLE;
    if (write) {
      flags |= GupFlags.FOLL_WRITE;
    }
    int done = 0;
    while (done < length) {
      long at = address + done;
      int first = (int) at & 0xfff;
      int nPages = (int) Math.min(PAGES_AT_ONCE, (first + (long) (length - done) + 4095) >>> 12);
      long got = pin(mm, at, nPages, flags);
      if (got <= 0) {
        return done > 0 ? done : -Errno.EFAULT;
      }
      done += copy((int) got, first, buffer, done, length - done, write);
      pins.release(pages, (int) got, flags, write);
    }
    return done;
  }

  private long pin(Mm mm, long address, int nPages, int flags) {
    Arrays.fill(pages, 0, nPages, Pins.GARBAGE);
    mm.readLock();
    try {
      return gup.get(mm, address, nPages, flags, pages);
    } finally {
      mm.readUnlock();
    }
  }

  private int copy(int n, int first, byte[] buffer, int offset, int length, boolean write) {
    int done = 0;
    int at = first;
    for (int i = 0; i < n && done < length; i++) {
      if (pages[i] == Pins.GARBAGE) {
        throw UNINITIALISED;
      }
      int step = Math.min(length - done, 4096 - at);
      if (write) {
        bytes.write(pages[i], at, buffer, offset + done, step);
      } else {
        bytes.read(pages[i], at, buffer, offset + done, step);
      }
      done += step;
      at = 0;
    }
    return done;
  }
}
