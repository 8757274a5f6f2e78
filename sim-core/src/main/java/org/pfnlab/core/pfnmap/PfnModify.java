package org.pfnlab.core.pfnmap;

import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;

/**
 * pfn_modify_allowed: on processors with L1TF, whether an entry may get this protection. An entry
 * that is not present stores its page frame inverted, which must not come out as an address that
 * the cache could hold.
 *
 * <p>Left out: CAP_SYS_ADMIN, which lifts the ban; whoever asks here has not got it.
 */
public final class PfnModify {
  /** l1tf_pfn_limit for 46 bits of physical address: the first frame that inverts into reach. */
  public static final long L1TF_PFN_LIMIT = 1L << (46 - 1 - 12);

  private final Frames frames;
  private final boolean l1tf;

  /** The rule of this kernel's processor. */
  public PfnModify(Kernel kernel, Frames frames) {
    this.frames = frames;
    this.l1tf = kernel.has(PfnmapFeatures.X86_BUG_L1TF);
  }

  /**
   * Whether an entry for this page frame may have this protection.
   *
   * @param prot PTE bits
   */
  public boolean allowed(long pfn, long prot) {
    return !l1tf
        || (prot & Pte.PRESENT) != 0
        || prot == 0
        || pfn < L1TF_PFN_LIMIT
        || frames.hasPage(pfn);
  }

  /**
   * Whether this protection is allowed for all frames of a range.
   *
   * @param pages how many, at least 1
   * @return the number of leading frames for which it is allowed
   */
  public long allowed(long pfn, long pages, long prot) {
    if (!l1tf || (prot & Pte.PRESENT) != 0 || prot == 0) {
      return pages;
    }
    long first = 0;
    while (first < pages && allowed(pfn + first, prot)) {
      first++;
    }
    return first;
  }
}
