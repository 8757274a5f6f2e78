package org.pfnlab.drivers.devmem;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Zone;
import org.pfnlab.drivers.kind.PteTarget;

/** Pages that the kernel allocated for itself, which somebody looks at through /dev/mem. */
final class KernelPages implements FrameHolder {
  private static final int ORDER = 10;

  private final long pfn;

  private KernelPages(long pfn) {
    this.pfn = pfn;
  }

  /**
   * 4 MiB of zeros.
   *
   * @throws IllegalStateException if the machine has none in one piece
   */
  static KernelPages allocate(Machine machine) {
    long pfn = machine.frames().alloc(ORDER, Zone.NORMAL);
    if (pfn < 0) {
      throw new IllegalStateException("no 4 MiB of memory in one piece; use a larger machine");
    }
    for (long page = pfn; page < pfn + (1L << ORDER); page++) {
      machine.frames().zero(page);
    }
    KernelPages pages = new KernelPages(pfn);
    machine.addFrameHolder(pages);
    return pages;
  }

  long pfn() {
    return pfn;
  }

  PteTarget target(long frame) {
    boolean ours = frame >= pfn && frame < pfn + (1L << ORDER);
    return ours ? PteTarget.modsys(frame - pfn) : PteTarget.OTHER;
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (long page = pfn; page < pfn + (1L << ORDER); page++) {
      references.mergeInt(page, 1, Integer::sum);
    }
  }
}
