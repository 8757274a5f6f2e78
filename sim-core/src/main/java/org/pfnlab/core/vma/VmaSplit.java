package org.pfnlab.core.vma;

import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pfnmap.PfnmapTracking;
import org.pfnlab.core.rmap.AnonRmap;
import org.pfnlab.core.rmap.HugeAnon;

/** __split_vma: one VMA becomes two at a page boundary; special ones may be split, never joined. */
public final class VmaSplit {
  /** Splits done. */
  public static final Event SPLIT = Event.define("vma.split", "__split_vma");

  private final Meter meter;
  private final AnonRmap anonRmap;
  private final PfnmapTracking tracking;
  private final HugeAnon huge;

  /** Splits with these reverse maps. */
  public VmaSplit(Kernel kernel, AnonRmap anonRmap, PfnmapTracking tracking, HugeAnon huge) {
    this.meter = kernel.meter;
    this.anonRmap = anonRmap;
    this.tracking = tracking;
    this.huge = huge;
  }

  /**
   * Splits at an address inside the VMA.
   *
   * @param newBelow whether the new VMA is the lower part; the given VMA keeps the other one
   * @return 0, or the -errno with which vm_ops->may_split refused
   */
  public long split(Vma vma, long address, boolean newBelow) {
    if (vma.ops != null) {
      long refused = vma.ops.maySplit(vma, address);
      if (refused != 0) {
        return refused;
      }
    }
    meter.count(SPLIT);
    Vma fresh = vma.duplicate(vma.mm);
    long below = (address - vma.start) >>> 12;
    if (newBelow) {
      fresh.setRange(fresh.start, address);
    } else {
      fresh.setRange(address, fresh.end);
      fresh.pgoff += below;
    }
    anonRmap.clone(fresh, vma);
    tracking.dup(fresh);
    if (fresh.file != null) {
      fresh.file.get();
    }
    if (fresh.ops != null) {
      fresh.ops.open(fresh);
    }
    splitHugeAcross(vma, address);
    dropHugeLeafAcross(vma.mm.pageTable, address);
    if (newBelow) {
      vma.pgoff += below;
      vma.setRange(address, vma.end);
    } else {
      vma.setRange(vma.start, address);
    }
    vma.mm.vmas.insert(fresh);
    VmaLinks.linkFile(fresh);
    return 0;
  }

  /** vma_adjust_trans_huge: a huge page that a new border at this address cuts is split. */
  void splitHugeAcross(Vma vma, long address) {
    huge.splitAcross(vma, address);
  }

  /**
   * vma_adjust_trans_huge: a leaf of raw frames that the border cuts is dropped and faults in
   * again.
   */
  private static void dropHugeLeafAcross(PageTable table, long address) {
    int level = table.levelAt(address);
    if (level > 1 && (address & ((1L << (12 + 9 * (level - 1))) - 1)) != 0) {
      table.setHuge(address, level, 0);
    }
  }
}
