package org.pfnlab.core.rmap;

import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.Vma;

/**
 * unmap_mapping_range (mm/memory.c): how a driver or a truncation takes a file's pages away from
 * everybody who maps them.
 *
 * <p>It finds VMAs through the file's i_mmap by vm_pgoff. A private PFNMAP VMA, whose vm_pgoff
 * holds a page frame number, is therefore only found by a range that goes to the end of the file.
 */
public final class UnmapMapping {
  /** i_mmap_rwsem taken. */
  public static final Event I_MMAP_LOCK = Event.define("rmap.i_mmap_lock", "i_mmap_rwsem taken");

  /** unmap_mapping_range. */
  public static final Event UNMAP_MAPPING_RANGE =
      Event.define("rmap.unmap_mapping_range", "unmap_mapping_range");

  private final Meter meter;
  private final Zap zap;

  /** Zaps through this. */
  public UnmapMapping(Kernel kernel, Zap zap) {
    this.meter = kernel.meter;
    this.zap = zap;
  }

  /**
   * Zaps every mapping of a byte range of the file.
   *
   * @param start first byte, rounded down to its page
   * @param length in bytes, rounded up; 0 means to the end of the file
   * @param evenCows whether private copies go too
   */
  public void range(AddressSpace mapping, long start, long length, boolean evenCows) {
    long first = start >>> 12;
    long pages = (length + 4095) >>> 12;
    long last = length == 0 ? Long.MAX_VALUE : first + pages - 1;
    meter.count(UNMAP_MAPPING_RANGE);
    meter.lock(I_MMAP_LOCK);
    for (int i = 0; i < mapping.mappers.size(); i++) {
      Vma vma = mapping.mappers.get(i);
      long vmaLast = vma.pgoff + vma.pages() - 1;
      if (vma.pgoff > last || vmaLast < first) {
        continue;
      }
      long from = Math.max(vma.pgoff, first);
      long to = Math.min(vmaLast, last);
      zap.revoke(
          vma,
          vma.start + ((from - vma.pgoff) << 12),
          vma.start + ((to - vma.pgoff + 1) << 12),
          evenCows,
          mapping);
    }
    meter.unlock(I_MMAP_LOCK);
  }
}
