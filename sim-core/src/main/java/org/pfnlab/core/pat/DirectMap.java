package org.pfnlab.core.pat;

import static org.pfnlab.core.kernel.Errno.EFAULT;

import it.unimi.dsi.fastutil.longs.Long2LongOpenHashMap;
import it.unimi.dsi.fastutil.longs.Long2ObjectOpenHashMap;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.pagetable.Pte;

/**
 * The kernel's own mapping of all RAM, and change_page_attr ("CPA", arch/x86/mm/pat/set_memory.c),
 * which gives pages of it another cache mode. Large leaves that are changed in part are split, and
 * stay split; what changed is flushed from all TLBs, and from the caches where they must not hold
 * it any more.
 *
 * <p>Leaves are as large as RAM and the CPU allow: 2M, or 1G with {@link #X86_GBPAGES}; 4K below 2
 * MiB and where RAM ends. Only what was touched takes memory. Protections other than the cache mode
 * never change here.
 */
public final class DirectMap {
  /** Leaves of 1 GiB. */
  public static final Feature X86_GBPAGES =
      Feature.define(
          "X86_GBPAGES", "a CPU with pdpe1gb; the recorded machines have none", Releases.none());

  /** change_page_attr_set_clr. */
  public static final Event CHANGED =
      Event.define("cpa.change_page_attr", "change_page_attr_set_clr");

  /** __change_page_attr: once for each leaf, aliases included. */
  public static final Event LEAF = Event.define("cpa.leaf", "__change_page_attr");

  /** cpa_process_alias. */
  public static final Event ALIAS = Event.define("cpa.process_alias", "cpa_process_alias");

  /** cpa_flush. */
  public static final Event FLUSH = Event.define("cpa.flush", "cpa_flush");

  /** Addresses flushed one by one from every CPU's TLB, counted for one CPU. */
  public static final Event TLB_ADDRESS =
      Event.define("cpa.tlb_address", "address flushed from a TLB by CPA");

  /** Broadcasts that flush all of every TLB. */
  public static final Event TLB_ALL = Event.define("cpa.tlb_all", "all TLBs flushed by CPA");

  /** Cache lines written back and invalidated. */
  public static final Event LINE = Event.define("cpa.cache_line", "cache line flushed by CPA");

  /** split_large_page of a 2M leaf. */
  public static final Event SPLIT_2M = Event.define("cpa.split_2m", "2M direct-map leaf split");

  /** split_large_page of a 1G leaf. */
  public static final Event SPLIT_1G = Event.define("cpa.split_1g", "1G direct-map leaf split");

  /** tlb_single_page_flush_ceiling: above it, everything is flushed. */
  public static final int FLUSH_CEILING = 33;

  private static final int LINES_A_PAGE = 64;
  private static final int ENTRIES = 512;
  private static final int SHIFT_2M = 9;
  private static final int SHIFT_1G = 18;
  private static final long GLOBAL = 1L << 8;
  private static final long PSE = 1L << 7;
  private static final long SMALL =
      Pte.PRESENT | Pte.RW | Pte.ACCESSED | Pte.DIRTY | GLOBAL | Pte.NX;
  private static final long LARGE = SMALL | PSE;
  private static final long NOT_MAPPED = 0;

  private final Meter meter;
  private final PageAttributeTable table;
  private final Ram ram;
  private final long last;
  private final long imageStart;
  private final long imageEnd;
  private final boolean gigabytes;

  /** By GiB: its leaf, or {@link #NOT_MAPPED} where there are smaller ones. */
  private final Long2LongOpenHashMap leaves1g = new Long2LongOpenHashMap();

  /** By GiB: the entries of its 2M leaves, {@link #NOT_MAPPED} where there are smaller ones. */
  private final Long2ObjectOpenHashMap<long[]> tables2m = new Long2ObjectOpenHashMap<>();

  /** By 2 MiB: the entries of its pages. */
  private final Long2ObjectOpenHashMap<long[]> tables4k = new Long2ObjectOpenHashMap<>();

  private boolean changed;
  private boolean aliased;

  /** What the mapping holds. */
  @FunctionalInterface
  public interface Ram {
    /** Whether every page frame of [first, behind) is RAM. */
    boolean covers(long first, long behind);
  }

  /**
   * The mapping as it is after boot.
   *
   * @param ram which page frames it holds
   * @param last its last byte's physical address (high_memory - 1)
   * @param imageStart first page frame of the kernel's image, which is mapped a second time
   * @param imageEnd the page frame behind the image
   */
  public DirectMap(Kernel kernel, Ram ram, long last, long imageStart, long imageEnd) {
    this.meter = kernel.meter;
    this.table = PageAttributeTable.of(kernel);
    this.ram = ram;
    this.last = last;
    this.imageStart = imageStart;
    this.imageEnd = imageEnd;
    this.gigabytes = kernel.has(X86_GBPAGES);
    leaves1g.defaultReturnValue(-1);
  }

  /** Its last byte's physical address. */
  public long last() {
    return last;
  }

  /** As after boot. */
  public void reset() {
    leaves1g.clear();
    tables2m.clear();
    tables4k.clear();
  }

  /**
   * _set_memory_uc, _set_memory_wc, _set_memory_wt, _set_memory_wb: what set_memory_* do to the
   * direct map. Write-combining takes two passes, by way of uncached.
   *
   * @return 0, or -EFAULT where nothing is mapped
   */
  long give(long first, long pages, CacheMode mode) {
    long failed = mode == CacheMode.WC ? change(first, pages, CacheMode.UC_MINUS) : 0;
    return failed != 0 ? failed : change(first, pages, mode);
  }

  /** The same for single pages, which set_pages_array_* change. */
  long give(long[] pfns, int n, CacheMode mode) {
    long failed = mode == CacheMode.WC ? change(pfns, n, CacheMode.UC_MINUS) : 0;
    return failed != 0 ? failed : change(pfns, n, mode);
  }

  /**
   * change_page_attr_set_clr for consecutive page frames.
   *
   * @return 0, or -EFAULT where nothing is mapped; what came before stays changed
   */
  private long change(long first, long pages, CacheMode mode) {
    meter.count(CHANGED);
    changed = false;
    aliased = false;
    for (long done = 0; done < pages; ) {
      long n = changeLeaf(first + done, pages - done, mode);
      if (n < 0) {
        return fail(n, pages, mode);
      }
      done += n;
    }
    flush(pages, mode);
    return 0;
  }

  /** The same for single page frames: no leaf can stay large. */
  private long change(long[] pfns, int n, CacheMode mode) {
    meter.count(CHANGED);
    changed = false;
    aliased = false;
    for (int i = 0; i < n; i++) {
      long result = changeLeaf(pfns[i], 1, mode);
      if (result < 0) {
        return fail(result, n, mode);
      }
    }
    flush(n, mode);
    return 0;
  }

  /** How many pages were done by one leaf, or -EFAULT. */
  private long changeLeaf(long pfn, long pages, CacheMode mode) {
    meter.count(LEAF);
    if (!isMapped(pfn)) {
      return -EFAULT;
    }
    long done = write(pfn, pages, mode);
    meter.count(ALIAS);
    if (pfn < imageEnd && pfn + done > imageStart) {
      meter.count(LEAF);
      aliased = true;
    }
    return done;
  }

  private long write(long pfn, long pages, CacheMode mode) {
    long leaf = leaf1g(pfn);
    if (leaf != NOT_MAPPED) {
      long wanted = withMode(leaf, mode);
      long offset = pfn & ((1L << SHIFT_1G) - 1);
      long length = (1L << SHIFT_1G) - offset;
      if (wanted == leaf || (offset == 0 && pages >= length)) {
        changed |= wanted != leaf;
        leaves1g.put(pfn >>> SHIFT_1G, wanted);
        return Math.min(pages, length);
      }
      split1g(pfn, leaf);
    }
    long[] leaves = leaves2m(pfn);
    int index = (int) (pfn >>> SHIFT_2M) & (ENTRIES - 1);
    if (leaves[index] != NOT_MAPPED) {
      long wanted = withMode(leaves[index], mode);
      long offset = pfn & (ENTRIES - 1);
      long length = ENTRIES - offset;
      if (wanted == leaves[index] || (offset == 0 && pages >= length)) {
        changed |= wanted != leaves[index];
        leaves[index] = wanted;
        return Math.min(pages, length);
      }
      split2m(pfn, leaves, index);
    }
    long[] entries = pages(pfn);
    int small = (int) pfn & (ENTRIES - 1);
    long wanted = (entries[small] & ~PageAttributeTable.CACHE_MASK) | table.bits(mode);
    changed |= wanted != entries[small];
    entries[small] = wanted;
    return 1;
  }

  private long withMode(long leaf, CacheMode mode) {
    return (leaf & ~PageAttributeTable.CACHE_MASK_LARGE) | table.largeBits(mode);
  }

  /** The entry of the GiB, {@link #NOT_MAPPED} if it has smaller leaves. */
  private long leaf1g(long pfn) {
    long key = pfn >>> SHIFT_1G;
    long leaf = leaves1g.get(key);
    if (leaf == -1) {
      boolean whole = gigabytes && ram.covers(key << SHIFT_1G, (key + 1) << SHIFT_1G);
      leaf = whole ? LARGE | table.largeBits(CacheMode.WB) : NOT_MAPPED;
      leaves1g.put(key, leaf);
    }
    return leaf;
  }

  private long[] leaves2m(long pfn) {
    long key = pfn >>> SHIFT_1G;
    long[] leaves = tables2m.get(key);
    if (leaves == null) {
      leaves = new long[ENTRIES];
      for (int i = 0; i < ENTRIES; i++) {
        long first = (key << SHIFT_1G) + ((long) i << SHIFT_2M);
        boolean whole = first >= ENTRIES && ram.covers(first, first + ENTRIES);
        leaves[i] = whole ? LARGE | table.largeBits(CacheMode.WB) : NOT_MAPPED;
      }
      tables2m.put(key, leaves);
    }
    return leaves;
  }

  private long[] pages(long pfn) {
    long[] entries = tables4k.get(pfn >>> SHIFT_2M);
    if (entries == null) {
      entries = new long[ENTRIES];
      Arrays.fill(entries, SMALL | table.bits(CacheMode.WB));
      tables4k.put(pfn >>> SHIFT_2M, entries);
    }
    return entries;
  }

  private boolean isMapped(long pfn) {
    return ram.covers(pfn, pfn + 1);
  }

  /** split_large_page: every CPU forgets the large leaf before a small one is used. */
  private void split1g(long pfn, long leaf) {
    long[] leaves = new long[ENTRIES];
    Arrays.fill(leaves, leaf);
    tables2m.put(pfn >>> SHIFT_1G, leaves);
    leaves1g.put(pfn >>> SHIFT_1G, NOT_MAPPED);
    meter.count(SPLIT_1G);
    meter.count(TLB_ALL);
  }

  private void split2m(long pfn, long[] leaves, int index) {
    long[] entries = new long[ENTRIES];
    Arrays.fill(entries, SMALL | table.bits(table.largeMode(leaves[index])));
    tables4k.put(pfn >>> SHIFT_2M, entries);
    leaves[index] = NOT_MAPPED;
    meter.count(SPLIT_2M);
    meter.count(TLB_ALL);
  }

  /** cpa_flush. The caches may hold lines of what was cached; write-back needs no flush. */
  private void flush(long pages, CacheMode mode) {
    if (!changed) {
      return;
    }
    meter.count(FLUSH);
    if (pages <= FLUSH_CEILING && !aliased) {
      meter.count(TLB_ADDRESS, pages);
    } else {
      meter.count(TLB_ALL);
    }
    if (mode != CacheMode.WB) {
      meter.count(LINE, pages * LINES_A_PAGE);
    }
  }

  private long fail(long errno, long pages, CacheMode mode) {
    meter.count(TLB_ALL);
    if (mode != CacheMode.WB) {
      meter.count(LINE, pages * LINES_A_PAGE);
    }
    return errno;
  }

  /** The level of the leaf that maps a page frame: 1 for 4K, 2 for 2M, 3 for 1G; 0 for none. */
  public int level(long pfn) {
    if (!isMapped(pfn)) {
      return 0;
    }
    if (leaf1g(pfn) != NOT_MAPPED) {
      return 3;
    }
    return leaves2m(pfn)[(int) (pfn >>> SHIFT_2M) & (ENTRIES - 1)] != NOT_MAPPED ? 2 : 1;
  }

  /** The leaf that maps a page frame, without its address; 0 for none. */
  public long entry(long pfn) {
    return switch (level(pfn)) {
      case 1 -> pages(pfn)[(int) pfn & (ENTRIES - 1)];
      case 2 -> leaves2m(pfn)[(int) (pfn >>> SHIFT_2M) & (ENTRIES - 1)];
      case 3 -> leaf1g(pfn);
      default -> 0;
    };
  }

  /** The cache mode of a page frame, or null if it is not mapped. */
  public @Nullable CacheMode mode(long pfn) {
    return switch (level(pfn)) {
      case 1 -> table.mode(entry(pfn));
      case 2, 3 -> table.largeMode(entry(pfn));
      default -> null;
    };
  }
}
