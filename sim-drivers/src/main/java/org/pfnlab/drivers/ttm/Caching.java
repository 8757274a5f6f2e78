package org.pfnlab.drivers.ttm;

import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.drivers.fill.Pgprot;

/** enum ttm_caching: how the CPU shall see a buffer. */
public enum Caching {
  /** ttm_cached. */
  CACHED,
  /** ttm_write_combined. */
  WRITE_COMBINED,
  /** ttm_uncached. */
  UNCACHED;

  /** ttm_io_prot on x86: the protection with this caching. */
  long protection(Kernel kernel, long prot) {
    return switch (this) {
      case CACHED -> prot;
      case WRITE_COMBINED -> Pgprot.writeCombine(kernel, prot);
      case UNCACHED -> Pgprot.noncached(kernel, prot);
    };
  }
}
