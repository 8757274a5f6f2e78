package org.pfnlab.core.gup;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;

/**
 * Frames behind VM_IO and VM_PFNMAP mappings, for those who do without a struct page: follow_pfn
 * and follow_pte, since v6.12 follow_pfnmap_start.
 *
 * <p>follow_pfn told the frame after it had let go of the page-table lock, and told nothing about
 * the entry's protection; whoever used it granted stores through read-only entries
 * (CVE-2021-22543). What {@link #isWritable} says is therefore known to callers of follow_pte and
 * its successor only.
 */
public final class FollowPfn {
  /** Leaves of 2M and 1G are followed too, under the lock. */
  public static final Feature FOLLOW_PFNMAP =
      Feature.define(
          "FOLLOW_PFNMAP",
          "6da8e9634bb7, v6.12: follow_pfnmap_start replaces follow_pfn and follow_pte",
          Releases.since("v6.12"));

  private final boolean followsHuge;
  private long entry;
  private int level;

  /** Follows by the rules of this kernel. */
  public FollowPfn(Kernel kernel) {
    this.followsHuge = kernel.has(FOLLOW_PFNMAP);
  }

  /**
   * The frame at this address.
   *
   * @return its pfn, or -EINVAL: neither VM_IO nor VM_PFNMAP, outside of the VMA, nothing present,
   *     a huge leaf before v6.12
   */
  public long follow(Vma vma, long address) {
    if (!vma.hasAny(VmFlags.VM_IO | VmFlags.VM_PFNMAP) || !vma.contains(address)) {
      return -Errno.EINVAL;
    }
    PageTable pageTable = vma.mm.pageTable;
    level = pageTable.levelAt(address);
    entry = level == 0 ? 0 : pageTable.get(address);
    if (!Pte.present(entry) || (level > 1 && !followsHuge)) {
      return -Errno.EINVAL;
    }
    return level == 1
        ? Pte.pfn(entry)
        : Pte.pfn(entry, level) + ((address & PageTable.span(level) - 1) >>> 12);
  }

  /** Whether the entry that {@link #follow} found last permits stores. */
  public boolean isWritable() {
    return Pte.write(entry);
  }

  /** Whether the entry that {@link #follow} found last is special. */
  public boolean isSpecial() {
    return Pte.special(entry);
  }

  /** The level of the leaf that {@link #follow} found last: 1, 2 or 3. */
  public int level() {
    return level;
  }
}
