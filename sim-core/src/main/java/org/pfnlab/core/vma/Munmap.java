package org.pfnlab.core.vma;

import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.mm.VmaTree;
import org.pfnlab.core.pfnmap.PfnmapTracking;
import org.pfnlab.core.rmap.AnonRmap;
import org.pfnlab.core.rmap.Zap;

/**
 * munmap and exit: do_munmap, exit_mmap. No VMA flag forbids it, only sealing and
 * vm_ops->may_split.
 */
public final class Munmap {
  /** unmap_vmas: whole VMAs that are out of the tree lose their page tables. */
  public static final Event UNMAP_VMAS = Event.define("vma.unmap_vmas", "unmap_vmas");

  /** munmap calls that found something. */
  public static final Event MUNMAP = Event.define("vma.munmap", "do_munmap");

  private final Meter meter;
  private final VmaSplit split;
  private final Zap zap;
  private final AnonRmap anonRmap;
  private final PfnmapTracking tracking;

  /** Unmaps through these. */
  public Munmap(
      Kernel kernel, VmaSplit split, Zap zap, AnonRmap anonRmap, PfnmapTracking tracking) {
    this.meter = kernel.meter;
    this.split = split;
    this.zap = zap;
    this.anonRmap = anonRmap;
    this.tracking = tracking;
  }

  /**
   * Unmaps a range.
   *
   * @param length bytes; rounded up to whole pages
   * @return 0, -EINVAL (misaligned, empty, beyond the address space), -ENOMEM (a hole at the map
   *     limit), -EPERM (sealed), or what vm_ops->may_split says
   */
  public long munmap(Mm mm, long start, long length) {
    if ((start & 0xfff) != 0
        || Long.compareUnsigned(start, Mm.TASK_SIZE) > 0
        || Long.compareUnsigned(length, Mm.TASK_SIZE - start) > 0) {
      return -Errno.EINVAL;
    }
    long end = start + ((length + 4095) & ~4095L);
    if (end == start) {
      return -Errno.EINVAL;
    }
    if (mm.vmas.intersection(start, end) == null) {
      return 0;
    }
    meter.count(MUNMAP);
    long refused = isolate(mm, start, end);
    if (refused != 0) {
      return refused;
    }
    detach(mm, start, end);
    return 0;
  }

  /** Splits so that the range consists of whole VMAs; refuses before anything is lost. */
  private long isolate(Mm mm, long start, long end) {
    Vma first = mm.vmas.find(start);
    if (first != null && first.start < start) {
      if (end < first.end && mm.vmas.size() >= mm.maxMapCount) {
        return -Errno.ENOMEM;
      }
      if (first.has(VmFlags.VM_SEALED)) {
        return -Errno.EPERM;
      }
      long refused = split.split(first, start, true);
      if (refused != 0) {
        return refused;
      }
    }
    Vma vma;
    for (long at = start; (vma = mm.vmas.intersection(at, end)) != null; at = vma.end) {
      if (vma.has(VmFlags.VM_SEALED)) {
        return -Errno.EPERM;
      }
      if (vma.end > end) {
        long refused = split.split(vma, end, false);
        if (refused != 0) {
          return refused;
        }
      }
    }
    return 0;
  }

  private void detach(Mm mm, long start, long end) {
    VmaTree vmas = mm.vmas;
    List<Vma> gone = new ArrayList<>();
    Vma vma;
    while ((vma = vmas.intersection(start, end)) != null) {
      vmas.remove(vma);
      gone.add(vma);
    }
    meter.count(UNMAP_VMAS);
    for (Vma each : gone) {
      zap.unmapSingleVma(each, each.start, each.end);
    }
    Vma below = vmas.previous(start);
    Vma above = vmas.find(start);
    long floor = below != null ? below.end : 0;
    long ceiling = above != null ? above.start : Mm.TASK_SIZE;
    mm.pageTable.freeTables(start, end, floor, ceiling);
    for (Vma each : gone) {
      remove(mm, each);
    }
  }

  /** free_pgtables' unlinking and remove_vma for a VMA that is out of the tree already. */
  private void remove(Mm mm, Vma vma) {
    anonRmap.unlink(vma);
    VmaLinks.unlinkFile(vma);
    mm.totalVm -= vma.pages();
    if (vma.has(VmFlags.VM_LOCKED)) {
      mm.lockedVm -= vma.pages();
    }
    tracking.release(vma);
    if (vma.ops != null && vma.ops.hasClose()) {
      vma.ops.close(vma);
    }
    if (vma.file != null) {
      vma.file.put();
    }
  }

  /** exit_mmap: the address space dies. */
  public void exit(Mm mm) {
    if (mm.vmas.size() > 0) {
      detach(mm, 0, Mm.TASK_SIZE);
    }
  }
}
