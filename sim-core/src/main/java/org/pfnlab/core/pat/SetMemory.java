package org.pfnlab.core.pat;

import static org.pfnlab.core.kernel.Errno.EINVAL;

import org.pfnlab.core.kernel.Errno;

/**
 * set_memory_uc, _wc, _wb and set_pages_array_uc, _wc, _wb: drivers change the cache mode of RAM
 * that they own. A mode is reserved first and released last; the direct map follows by {@link
 * DirectMap}.
 *
 * <p>A page that is not write-back cannot be reserved again: it has to go back first.
 */
public final class SetMemory {
  private static final int PAGE_SHIFT = 12;

  private final Memtypes memtypes;
  private final DirectMap directMap;

  /** Changes this direct map and reserves here. */
  public SetMemory(Memtypes memtypes, DirectMap directMap) {
    this.memtypes = memtypes;
    this.directMap = directMap;
  }

  /**
   * set_memory_uc, set_memory_wc, set_memory_wb, by the mode: one reservation for the whole range.
   *
   * @param first page frame
   * @param pages how many
   * @param mode {@link CacheMode#UC_MINUS}, {@link CacheMode#WC} or {@link CacheMode#WB}
   * @return 0; -EBUSY if a page has another mode already; -EINVAL; -EFAULT where nothing is mapped
   */
  public long range(long first, long pages, CacheMode mode) {
    long start = first << PAGE_SHIFT;
    long end = (first + pages) << PAGE_SHIFT;
    if (mode == CacheMode.WB) {
      long failed = directMap.give(first, pages, mode);
      if (failed == 0) {
        memtypes.free(start, end);
      }
      return failed;
    }
    long granted = memtypes.reserve(start, end, checked(mode), false);
    if (Errno.isError(granted)) {
      return granted;
    }
    long failed = directMap.give(first, pages, mode);
    if (failed != 0) {
      memtypes.free(start, end);
    }
    return failed;
  }

  /**
   * set_pages_array_uc, set_pages_array_wc, set_pages_array_wb, by the mode: one reservation a page
   * and one pass over the direct map.
   *
   * @param pfns page frames, in any order
   * @param n how many of them
   * @return 0, or -EINVAL whatever went wrong; nothing stays reserved then
   */
  public long pages(long[] pfns, int n, CacheMode mode) {
    if (mode == CacheMode.WB) {
      long failed = directMap.give(pfns, n, mode);
      if (failed == 0) {
        free(pfns, n);
      }
      return failed;
    }
    for (int i = 0; i < n; i++) {
      long start = pfns[i] << PAGE_SHIFT;
      long end = start + (1L << PAGE_SHIFT);
      if (Errno.isError(memtypes.reserve(start, end, checked(mode), false))) {
        free(pfns, i);
        return -EINVAL;
      }
    }
    long failed = directMap.give(pfns, n, mode);
    if (failed != 0) {
      free(pfns, n);
      return -EINVAL;
    }
    return 0;
  }

  private void free(long[] pfns, int n) {
    for (int i = 0; i < n; i++) {
      memtypes.free(pfns[i] << PAGE_SHIFT, (pfns[i] + 1) << PAGE_SHIFT);
    }
  }

  private static CacheMode checked(CacheMode mode) {
    if (mode != CacheMode.UC_MINUS && mode != CacheMode.WC) {
      throw new IllegalArgumentException(
          "RAM can be set to UC_MINUS, WC and back to WB, not to " + mode);
    }
    return mode;
  }
}
