package org.pfnlab.core.pfnmap;

import static org.pfnlab.core.kernel.Errno.EINVAL;

import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.pat.PageAttributeTable;

/**
 * reserve_pfn_range and free_pfn_range: one range of frames gets the cache mode that a user mapping
 * wants, or the mapping gets the mode that the range has. RAM is never reserved here; its pages
 * decide, and of a range only the first.
 */
final class PfnReservations {
  private final Kernel kernel;
  private final Meter meter;
  private final Memtypes memtypes;
  private final PageAttributeTable table;
  private final boolean pat;

  PfnReservations(Kernel kernel, Memtypes memtypes) {
    this.kernel = kernel;
    this.meter = kernel.meter;
    this.memtypes = memtypes;
    this.table = PageAttributeTable.of(kernel);
    this.pat = kernel.has(Arch.X86_PAT);
  }

  /**
   * reserve_pfn_range.
   *
   * @param start first byte
   * @param size in bytes
   * @param prot PTE bits with the wanted cache mode
   * @param strict accept no other mode (fork, before v6.16)
   * @return the protection with the mode that was obtained, or -errno
   */
  long reserve(long start, long size, long prot, boolean strict) {
    if (meter.tracing) {
      meter.enter("reserve_pfn_range", start, size);
    }
    long result = decide(start, size, prot, strict);
    if (meter.tracing) {
      meter.exit("reserve_pfn_range", Errno.isError(result) ? result : 0);
    }
    return result;
  }

  private long decide(long start, long size, long prot, boolean strict) {
    meter.count(PfnmapTracking.RESERVE_PFN_RANGE);
    long end = start + size;
    CacheMode wanted = table.mode(prot);
    if (memtypes.rangeIsRam(start, end) != 0) {
      if (!pat) {
        return prot;
      }
      CacheMode mode = memtypes.lookup(start);
      if (mode != wanted) {
        print("map pfn RAM range req", wanted, start, end, mode);
      }
      return Pte.withCacheBits(prot, table.bits(mode));
    }
    long granted = memtypes.reserve(start, end, wanted, true);
    if (granted < 0) {
      return granted;
    }
    CacheMode got = CacheMode.of((int) granted);
    if (got != wanted && (strict || !memtypes.isNewMemtypeAllowed(start, end, wanted, got))) {
      memtypes.free(start, end);
      print("map pfn expected mapping type", wanted, start, end, got);
      return -EINVAL;
    }
    if (memtypes.kernelMapSync(start, size, got) < 0) {
      memtypes.free(start, end);
      return -EINVAL;
    }
    return got == wanted ? prot : Pte.withCacheBits(prot, table.bits(got));
  }

  /** free_pfn_range: nothing for RAM and for a range that begins with a hole and goes on as RAM. */
  void free(long start, long size) {
    meter.count(PfnmapTracking.FREE_PFN_RANGE);
    if (meter.tracing) {
      meter.enter("free_pfn_range", start, size);
    }
    if (memtypes.rangeIsRam(start, start + size) == 0) {
      memtypes.free(start, start + size);
    }
    if (meter.tracing) {
      meter.exit("free_pfn_range", 0);
    }
  }

  private void print(String what, CacheMode wanted, long start, long end, CacheMode got) {
    kernel
        .log()
        .print(
            "x86/PAT: %s %s %s for [mem 0x%08x-0x%08x], got %s"
                .formatted(
                    kernel.comm, what, wanted.kernelName(), start, end - 1, got.kernelName()));
  }
}
