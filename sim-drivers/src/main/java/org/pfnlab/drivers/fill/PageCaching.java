package org.pfnlab.drivers.fill;

import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.Memtypes;

/**
 * set_pages_array_wc and set_pages_array_wb, a page at a time: the cache mode of RAM pages that a
 * driver gives to a device. Only what x86 PAT remembers of them; the kernel's own mapping of the
 * pages is left out.
 */
public final class PageCaching {
  private PageCaching() {}

  /**
   * Turns a write-back page write-combined.
   *
   * @return 0, or -EBUSY if the page has another mode already
   */
  public static long setWriteCombined(Memtypes memtypes, long pfn) {
    return Math.min(0, memtypes.reserve(pfn << 12, (pfn + 1) << 12, CacheMode.WC, false));
  }

  /** Turns a page write-back again. */
  public static void setWriteBack(Memtypes memtypes, long pfn) {
    memtypes.free(pfn << 12, (pfn + 1) << 12);
  }
}
