package org.pfnlab.core.pat;

import static org.pfnlab.core.kernel.Errno.EBUSY;

import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;

/**
 * What a driver does at load so that its BAR may be mapped write-combining later.
 *
 * <p>With PAT, it reserves the BAR once (arch_io_reserve_memtype_wc): from then on lookups answer
 * WC. Without, it adds a WC MTRR (arch_phys_wc_add). Drivers call both; each does something only
 * where it helps. Addresses and sizes are bytes.
 */
public final class WriteCombining {
  /**
   * MTRR_TO_PHYS_WC_OFFSET: handles are registers plus this, so that 0 can mean "nothing to undo".
   */
  private static final int HANDLE_OFFSET = 1000;

  private final Kernel kernel;
  private final ResourceTree iomem;
  private final Memtypes memtypes;
  private final Mtrr mtrr;
  private boolean warnedOfSeveralBars;

  /** For a machine's drivers. */
  public WriteCombining(Kernel kernel, ResourceTree iomem, Memtypes memtypes, Mtrr mtrr) {
    this.kernel = kernel;
    this.iomem = iomem;
    this.memtypes = memtypes;
    this.mtrr = mtrr;
  }

  /**
   * arch_io_reserve_memtype_wc. An older UC- or UC reservation is adopted without a word: the
   * caller is not told that WC it will not be.
   *
   * @return 0, or as {@link #reserveIo}
   */
  public long ioReserve(long start, long size) {
    return Math.min(0, reserveIo(start, start + size, CacheMode.WC));
  }

  /** arch_io_free_memtype_wc. */
  public void ioFree(long start, long size) {
    memtypes.free(start, start + size);
  }

  /**
   * memtype_reserve_io: reserves a range of device memory, takes what mode it gets if that is
   * allowed, and brings the direct map in line.
   *
   * @return the value of the {@link CacheMode} obtained; the error of {@link Memtypes#reserve};
   *     -EBUSY if the mode is not allowed
   */
  public long reserveIo(long start, long end, CacheMode want) {
    if (!iomem.mapSanityCheck(start, end - start) && !warnedOfSeveralBars) {
      warnedOfSeveralBars = true;
      kernel.log().warn("memtype_reserve_io", "iomem_map_sanity_check");
    }
    long granted = memtypes.reserve(start, end, want, true);
    if (granted < 0) {
      return granted;
    }
    CacheMode got = CacheMode.of((int) granted);
    if (!memtypes.isNewMemtypeAllowed(start, end, want, got)
        || memtypes.kernelMapSync(start, end - start, got) < 0) {
      memtypes.free(start, end);
      return -EBUSY;
    }
    return granted;
  }

  /**
   * arch_phys_wc_add: a WC MTRR where PAT is off.
   *
   * @return 0 if there is nothing to do; a handle for {@link #physDelete}; or the error of {@link
   *     Mtrr#add}, after a warning
   */
  public long physAdd(long base, long size) {
    if (memtypes.enabled() || !mtrr.enabled()) {
      return 0;
    }
    long register = mtrr.add(base, size, MtrrType.WC);
    if (register < 0) {
      kernel
          .log()
          .print(
              ("Failed to add WC MTRR for [" + Long.toHexString(base))
                  + ("-" + Long.toHexString(base + size - 1) + "]; performance may suffer."));
      return register;
    }
    return register + HANDLE_OFFSET;
  }

  /** arch_phys_wc_del: undoes {@link #physAdd}; what is no handle is ignored. */
  public void physDelete(long handle) {
    if (handle >= HANDLE_OFFSET) {
      mtrr.del((int) (handle - HANDLE_OFFSET));
    }
  }
}
