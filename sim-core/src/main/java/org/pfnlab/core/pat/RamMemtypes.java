package org.pfnlab.core.pat;

import static org.pfnlab.core.kernel.Errno.EBUSY;
import static org.pfnlab.core.kernel.Errno.EINVAL;

import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;

/**
 * The cache modes of RAM (reserve_ram_pages_type, free_ram_pages_type): two flags a page, four
 * modes, no lock over more than one page, no tree.
 */
public final class RamMemtypes {
  /** reserve_ram_pages_type. */
  public static final Event RESERVE =
      Event.define("memtype.ram_reserve", "cache mode reserved for RAM pages");

  /** free_ram_pages_type. */
  public static final Event FREE =
      Event.define("memtype.ram_free", "RAM pages given back to write-back");

  /** A page's cache mode read from its flags. */
  public static final Event PAGE_READ =
      Event.define("memtype.page_read", "cache mode read from a page's flags");

  /** A page's cache mode set in its flags, with a compare-and-swap. */
  public static final Event PAGE_SET =
      Event.define("memtype.page_set", "cache mode set in a page's flags");

  /** A struct page asked whether it is RAM; no release does. */
  public static final Event STRUCT_PAGE_ASKED =
      Event.define("memtype.struct_page_asked", "struct page asked whether it is RAM");

  private static final int PAGE_SHIFT = 12;

  /** By the two flags. */
  private static final CacheMode[] MODES = {
    CacheMode.WB, CacheMode.WC, CacheMode.UC_MINUS, CacheMode.WT
  };

  private final Kernel kernel;
  private final Meter meter;
  private final RamPageTypes pages;
  private final MemtypeText text;
  private boolean warnedOfUncached;

  RamMemtypes(Kernel kernel, RamPageTypes pages, MemtypeText text) {
    this.kernel = kernel;
    this.pages = pages;
    this.text = text;
    meter = kernel.meter;
  }

  void reset() {
    warnedOfUncached = false;
  }

  boolean isRam(long pfn) {
    meter.count(STRUCT_PAGE_ASKED);
    return pages.isRam(pfn);
  }

  CacheMode lookup(long pfn) {
    meter.count(PAGE_READ);
    return MODES[pages.type(pfn)];
  }

  /**
   * Every page must be WB, even where it already is what is wanted; then all are set.
   *
   * @return the value of the mode granted; -EINVAL for WP; -EBUSY if a page is not WB
   */
  long reserve(long start, long end, CacheMode want) {
    meter.count(RESERVE);
    if (want == CacheMode.WP) {
      return -EINVAL;
    }
    CacheMode mode = want;
    if (want == CacheMode.UC) {
      if (!warnedOfUncached) {
        warnedOfUncached = true;
        kernel.log().warn("reserve_ram_pages_type", "no strong UC for RAM, UC- instead");
      }
      mode = CacheMode.UC_MINUS;
    }
    long first = start >>> PAGE_SHIFT;
    long behind = end >>> PAGE_SHIFT;
    long pfn = first;
    while (pfn < behind && pages.type(pfn) == 0) {
      pfn++;
    }
    meter.count(PAGE_READ, Math.min(pfn + 1, behind) - first);
    if (pfn < behind) {
      text.reserveRamFailed(start, end, MODES[pages.type(pfn)], mode);
      return -EBUSY;
    }
    setAll(first, behind, mode);
    return mode.value();
  }

  /** All pages are WB again. */
  long free(long start, long end) {
    meter.count(FREE);
    setAll(start >>> PAGE_SHIFT, end >>> PAGE_SHIFT, CacheMode.WB);
    return 0;
  }

  private void setAll(long first, long behind, CacheMode mode) {
    int flags =
        switch (mode) {
          case WC -> 1;
          case UC_MINUS -> 2;
          case WT -> 3;
          case WB, UC, WP -> 0;
        };
    for (long pfn = first; pfn < behind; pfn++) {
      pages.set(pfn, flags);
    }
    meter.count(PAGE_SET, behind - first);
  }
}
