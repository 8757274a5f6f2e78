package org.pfnlab.core.vma;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pfnmap.PfnmapTracking;
import org.pfnlab.core.rmap.AnonRmap;
import org.pfnlab.core.rmap.HugeAnon;

/**
 * move_vma (mm/mremap.c): part of a VMA is copied to an empty range, its page-table entries follow
 * as they are, and the old place is unmapped or left empty.
 *
 * <p>A copy keeps its page offset, so anonymous pages keep their place in the reverse map; only
 * anonymous memory that was never touched takes the offset of its new address, and can then merge
 * there.
 *
 * <p>locked_vm is kept equal to what is locked. Kernels count differently where MREMAP_DONTUNMAP
 * meets a locked VMA, of which they clear the lock as a whole.
 */
public final class VmaMove {
  /** move_page_tables calls. */
  public static final Event MOVE_PAGE_TABLES =
      Event.define("vma.move_page_tables", "move_page_tables");

  private final Meter meter;
  private final Munmap munmap;
  private final VmaMerge merge;
  private final AnonRmap anonRmap;
  private final PfnmapTracking tracking;
  private final HugeAnon huge;

  /** Moves with these. */
  public VmaMove(
      Kernel kernel,
      Munmap munmap,
      VmaMerge merge,
      AnonRmap anonRmap,
      PfnmapTracking tracking,
      HugeAnon huge) {
    this.meter = kernel.meter;
    this.munmap = munmap;
    this.merge = merge;
    this.anonRmap = anonRmap;
    this.tracking = tracking;
    this.huge = huge;
  }

  /**
   * Moves [address, address + oldBytes) of the VMA to [target, target + newBytes), which is empty.
   *
   * @param oldBytes 0 to leave the old place alone and map the object once more
   * @param dontUnmap whether the old place stays mapped, without pages
   * @return the target, or -ENOMEM (map limit), or what may_split or mremap of the driver says
   */
  long move(Vma vma, long address, long oldBytes, long newBytes, long target, boolean dontUnmap) {
    if (meter.tracing) {
      meter.enter("move_vma", address, target);
    }
    long result = moveOrRefuse(vma, address, oldBytes, newBytes, target, dontUnmap);
    if (meter.tracing) {
      meter.exit("move_vma", result);
    }
    return result;
  }

  private long moveOrRefuse(
      Vma vma, long address, long oldBytes, long newBytes, long target, boolean dontUnmap) {
    Mm mm = vma.mm;
    if (mm.vmas.size() >= mm.maxMapCount - 3) {
      return -Errno.ENOMEM;
    }
    long refused = askMaySplit(vma, address, address + oldBytes);
    if (refused != 0) {
      return refused;
    }
    long start = vma.start;
    Vma copy = copy(vma, address, target, newBytes);
    // The merge may have swallowed the source, if nothing was faulted in yet.
    Vma old = copy.contains(start) ? copy : vma;
    huge.splitForMove(old, address, target, oldBytes);
    if (old.hasAny(VmFlags.VM_PFNMAP | VmFlags.VM_MIXEDMAP)) {
      dropUnfitLeaves(mm.pageTable, address, target, oldBytes);
    }
    moveTables(mm, address, target, oldBytes);
    VmOps ops = old.ops;
    long failed = ops == null ? 0 : ops.mremap(copy);
    mm.totalVm += newBytes >>> 12;
    if (copy.has(VmFlags.VM_LOCKED)) {
      mm.lockedVm += newBytes >>> 12;
    }
    if (failed != 0) {
      moveTables(mm, target, address, oldBytes);
      forgetTracking(copy);
      munmap.munmap(mm, target, newBytes);
      return failed;
    }
    forgetTracking(old);
    if (dontUnmap) {
      leaveEmpty(old, copy, address, address + oldBytes);
    } else if (oldBytes != 0) {
      munmap.munmap(mm, address, oldBytes);
    }
    return target;
  }

  private static long askMaySplit(Vma vma, long start, long end) {
    VmOps ops = vma.ops;
    if (ops == null) {
      return 0;
    }
    long refused = vma.start == start ? 0 : ops.maySplit(vma, start);
    return refused != 0 || vma.end == end ? refused : ops.maySplit(vma, end);
  }

  /** copy_vma: the VMA that covers the new range, a neighbour's extension or one of its own. */
  private Vma copy(Vma vma, long address, long target, long bytes) {
    Mm mm = vma.mm;
    boolean untouched = vma.isAnonymous() && vma.anonVma == null;
    long pgoff = untouched ? target >>> 12 : vma.pgoffOf(address);
    Vma merged =
        merge.newRange(mm, target, target + bytes, vma.flags, pgoff, vma.file, vma.anonVma, vma);
    if (merged != null) {
      return merged;
    }
    Vma copy = vma.duplicate(mm);
    copy.setRange(target, target + bytes);
    copy.pgoff = pgoff;
    anonRmap.clone(copy, vma);
    tracking.dup(copy);
    if (copy.file != null) {
      copy.file.get();
    }
    if (copy.ops != null) {
      copy.ops.open(copy);
    }
    mm.vmas.insert(copy);
    VmaLinks.linkFile(copy);
    return copy;
  }

  /**
   * split_huge_pmd of special leaves: those that cannot move as a whole are cleared and fault in
   * again, at either place.
   */
  private static void dropUnfitLeaves(PageTable table, long from, long target, long bytes) {
    long end = from + bytes;
    for (long at = from; at < end; ) {
      int level = table.levelAt(at);
      long span = PageTable.span(Math.max(level, 2));
      long first = at & -span;
      boolean fits =
          first >= from
              && first + span <= end
              && ((target + first - from) & (span - 1)) == 0
              && table.table(target + first - from, Math.max(level, 2) - 1) == null;
      if (level > 1 && !fits) {
        table.setHuge(first, level, 0);
      }
      at = first + span;
    }
  }

  private void moveTables(Mm mm, long from, long to, long bytes) {
    meter.count(MOVE_PAGE_TABLES);
    mm.pageTable.moveEntries(from, to, bytes);
  }

  private void forgetTracking(Vma vma) {
    if (vma.has(VmFlags.VM_PFNMAP)) {
      tracking.untrackMoved(vma);
    }
  }

  /** MREMAP_DONTUNMAP: nothing is locked any more in what stays behind, nor anonymous. */
  private void leaveEmpty(Vma old, Vma copy, long start, long end) {
    if (old.has(VmFlags.VM_LOCKED)) {
      old.mm.lockedVm -= old.pages();
    }
    old.flags &= ~VmFlags.VM_LOCKED_MASK;
    if (copy != old && old.start == start && old.end == end) {
      anonRmap.unlink(old);
    }
  }
}
