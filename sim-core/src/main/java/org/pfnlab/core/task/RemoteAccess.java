package org.pfnlab.core.task;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.gup.ExpandStack;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.GupSlow;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.PageBytes;

/**
 * access_remote_vm (mm/memory.c): one process's memory read or written by another, page by page
 * through get_user_pages, and where that fails through the driver's vm_ops->access.
 */
public final class RemoteAccess {
  private final Meter meter;
  private final Frames frames;
  private final GupSlow gup;
  private final ExpandStack stack;
  private final Pins pins;
  private final PageBytes bytes;
  private final boolean growsStack;
  private final boolean asksDriver;
  private final long[] page = new long[1];

  /** Accesses by the rules of this kernel. */
  public RemoteAccess(Kernel kernel, Frames frames, GupSlow gup, ExpandStack stack, Pins pins) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.gup = gup;
    this.stack = stack;
    this.pins = pins;
    this.bytes = new PageBytes(frames);
    this.growsStack = kernel.has(GupSlow.GUP_LEAVES_STACK);
    this.asksDriver = kernel.has(Arch.HAVE_IOREMAP_PROT);
  }

  /**
   * Copies until something stops it.
   *
   * @param flags FOLL_FORCE or none; FOLL_WRITE to write the buffer into the process
   * @return bytes done, 0 if none; never an errno
   */
  public int access(Mm mm, long address, byte[] buffer, int offset, int length, int flags) {
    if (!meter.tracing) {
      return locked(mm, address, buffer, offset, length, flags);
    }
    meter.enter("access_remote_vm", address, length);
    int done = locked(mm, address, buffer, offset, length, flags);
    meter.exit("access_remote_vm", done);
    return done;
  }

  private int locked(Mm mm, long address, byte[] buffer, int offset, int length, int flags) {
    mm.readLock();
    try {
      if (growsStack && extended(mm, address) == null) {
        return 0;
      }
      int done = 0;
      while (done < length) {
        int step = step(mm, address + done, buffer, offset + done, length - done, flags);
        if (step <= 0) {
          break;
        }
        done += step;
      }
      return done;
    } finally {
      mm.readUnlock();
    }
  }

  /** The VMA at this address; stacks grow here, not in get_user_pages, where the kernel says so. */
  private @Nullable Vma extended(Mm mm, long address) {
    return growsStack ? stack.find(mm, address) : mm.vmas.lookup(address);
  }

  private int step(Mm mm, long address, byte[] buffer, int offset, int length, int flags) {
    int gupFlags = flags | GupFlags.FOLL_GET | GupFlags.FOLL_TOUCH | GupFlags.FOLL_REMOTE;
    boolean write = (flags & GupFlags.FOLL_WRITE) != 0;
    if (gup.get(mm, address, 1, gupFlags, page) <= 0) {
      boolean wasMapped = mm.vmas.lookup(address) != null;
      Vma vma = extended(mm, address);
      if (vma != null && !wasMapped && gup.get(mm, address, 1, gupFlags, page) > 0) {
        return copy(page[0], address, buffer, offset, length, write);
      }
      VmOps ops = vma == null ? null : vma.ops;
      return vma != null && ops != null && asksDriver && ops.hasAccess()
          ? ops.access(vma, address, buffer, offset, length, write)
          : 0;
    }
    return copy(page[0], address, buffer, offset, length, write);
  }

  private int copy(long pfn, long address, byte[] buffer, int offset, int length, boolean write) {
    int at = (int) address & 0xfff;
    int n = Math.min(length, 4096 - at);
    if (write) {
      bytes.write(pfn, at, buffer, offset, n);
      frames.set(pfn, Frames.DIRTY);
    } else {
      bytes.read(pfn, at, buffer, offset, n);
    }
    pins.put(pfn);
    return n;
  }
}
