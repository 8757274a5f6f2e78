package org.pfnlab.core.pat;

import static org.pfnlab.core.kernel.Errno.EBUSY;
import static org.pfnlab.core.kernel.Errno.EINVAL;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.RamVisitor;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;

/**
 * With which cache modes physical memory is mapped, so that no two mappings disagree
 * (arch/x86/mm/pat/memtype.c).
 *
 * <p>RAM pages carry their mode in two page flags ({@link RamPageTypes}); everything else is in one
 * interval tree of reservations behind one lock. There is no reference count: n mappings of a BAR
 * are n equal reservations. Which of the two a range belongs to is asked of the resource tree each
 * time, and that walk is what makes per-page lookups expensive.
 *
 * <p>Physical addresses are bytes, ends exclusive. Where the kernel says "the first reservation
 * that overlaps", it is the one with the lowest start, and of several with that start the one that
 * came first. Left out: failing allocations, the direct map's own attributes.
 */
public final class Memtypes {
  /** memtype_free only takes reservations as a whole. */
  public static final Feature MEMTYPE_ERASE_EXACT =
      Feature.define(
          "MEMTYPE_ERASE_EXACT",
          "v6.16, pfnmap rewrite: memtype_erase no longer shrinks a reservation that ends where the"
              + " freed range does",
          Releases.since("v6.16"));

  /** Lookups of one page ask its struct page whether it is RAM, and walk no resource tree. */
  public static final Feature PAT_ASKS_STRUCT_PAGE =
      Feature.define(
          "PAT_ASKS_STRUCT_PAGE",
          "in no release: PAT taught about RAM, the third way out of D. Hildenbrand's answer of 26"
              + " August 2025 to the bypass of PAT in TTM",
          Releases.none());

  /** memtype_reserve. */
  public static final Event RESERVE = Event.define("memtype.reserve", "cache mode reserved");

  /** memtype_free. */
  public static final Event FREE = Event.define("memtype.free", "cache mode reservation freed");

  /** lookup_memtype: what every PTE insertion pays. */
  public static final Event LOOKUP =
      Event.define("memtype.lookup", "cache mode of a page looked up");

  /** memtype_lookup: the interval tree asked, for what is not RAM. */
  public static final Event TREE_LOOKUP =
      Event.define("memtype.tree_lookup", "reservation of a page searched in the tree");

  /** memtype_check_insert. */
  public static final Event TREE_INSERT =
      Event.define("memtype.tree_insert", "reservation checked against the tree and inserted");

  /** memtype_erase. */
  public static final Event TREE_ERASE =
      Event.define("memtype.tree_erase", "reservation searched in the tree and erased");

  /** memtype_lock. */
  public static final Event LOCK = Event.define("memtype.lock", "memtype_lock taken");

  /** pat_pagerange_is_ram. */
  public static final Event RANGE_IS_RAM =
      Event.define("pat.range_is_ram", "range tested for being System RAM");

  /** memtype_kernel_map_sync. */
  public static final Event KERNEL_MAP_SYNC =
      Event.define("memtype.kernel_map_sync", "direct map brought in line with a reservation");

  private static final int PAGE_SHIFT = 12;
  private static final long PAGE_SIZE = 1L << PAGE_SHIFT;
  private static final long PHYSICAL_MASK = (1L << 52) - 1;
  private static final long ISA_START = 0xa_0000;
  private static final long ISA_END = 0x10_0000;

  private final Meter meter;
  private final ResourceTree iomem;
  private final Mtrr mtrr;
  private final RamMemtypes ramPages;
  private final long lastDirectMapped;
  private final boolean enabled;
  private final boolean eraseExact;
  private final boolean asksStructPage;
  private final boolean asksIndex;
  private final MemtypeTree tree = new MemtypeTree();
  private final MemtypeText text;
  private final RangeTest range = new RangeTest();
  private @Nullable DirectMap directMap;
  private int[] order = {};
  private boolean orderKnown = true;

  /**
   * The record of a machine that has just booted: nothing is reserved.
   *
   * @param iomem which memory is RAM
   * @param mtrr what a wish for WB is held against
   * @param pages the flags of RAM pages
   * @param lastDirectMapped the last byte of the kernel's direct map (high_memory - 1)
   */
  public Memtypes(
      Kernel kernel, ResourceTree iomem, Mtrr mtrr, RamPageTypes pages, long lastDirectMapped) {
    this.iomem = iomem;
    this.mtrr = mtrr;
    this.lastDirectMapped = lastDirectMapped;
    meter = kernel.meter;
    enabled = kernel.has(Arch.X86_PAT);
    eraseExact = kernel.has(MEMTYPE_ERASE_EXACT);
    asksStructPage = kernel.has(PAT_ASKS_STRUCT_PAGE);
    asksIndex = iomem.hasRamIndex();
    text = new MemtypeText(kernel.log());
    ramPages = new RamMemtypes(kernel, pages, text);
  }

  /** pat_enabled: whether anything is tracked. */
  public boolean enabled() {
    return enabled;
  }

  /** Says whose name the log shows (current->comm). */
  public void setComm(String comm) {
    text.comm = comm;
  }

  /** The name that the log shows. */
  public String comm() {
    return text.comm;
  }

  /** Forgets all reservations, as a reboot does; page flags are the pages' own. */
  public void reset() {
    tree.clear();
    orderKnown = false;
    ramPages.reset();
    iomem.forgetWalks();
  }

  /** Puts a reservation in unchecked, as the list of a running kernel shows it. */
  public void restore(long start, long end, CacheMode type) {
    tree.insert(start, end, type);
    orderKnown = false;
  }

  /**
   * memtype_reserve: records that a range is about to be mapped with a mode.
   *
   * @param want the mode wished for; WB is granted as UC- where MTRRs do not say WB
   * @param acceptOther whether the caller takes another mode (a non-null new_type); then an
   *     existing reservation's mode is adopted
   * @return the value of the {@link CacheMode} granted; -EINVAL for an empty range, one that is
   *     partly RAM, or WP on RAM; -EBUSY if RAM pages are not WB, if reservations in the range
   *     disagree with each other, or with {@code want} and no other mode is accepted
   */
  public long reserve(long start, long end, CacheMode want, boolean acceptOther) {
    if (meter.tracing) {
      meter.enter("memtype_reserve", start, end);
    }
    long result =
        reserveChecked(start & PHYSICAL_MASK, (end - 1 & PHYSICAL_MASK) + 1, want, acceptOther);
    if (meter.tracing) {
      meter.exit("memtype_reserve", result);
    }
    return result;
  }

  private long reserveChecked(long start, long end, CacheMode want, boolean acceptOther) {
    meter.count(RESERVE);
    if (start >= end) {
      text.emptyRange(start, end, want);
      return -EINVAL;
    }
    if (!enabled) {
      return want.value();
    }
    if (isUntracked(start, end)) {
      return CacheMode.WB.value();
    }
    CacheMode actual = want;
    if (want == CacheMode.WB && mtrr.type(start, end) != MtrrType.WB) {
      actual = CacheMode.UC_MINUS;
    }
    int ram = rangeIsRam(start, end);
    if (ram != 0) {
      return ram < 0 ? -EINVAL : ramPages.reserve(start, end, want);
    }
    meter.lock(LOCK);
    long granted = checkInsert(start, end, actual, acceptOther);
    if (granted < 0) {
      text.reserveFailed(start, end, actual, want);
    }
    meter.unlock(LOCK);
    return granted;
  }

  private long checkInsert(long start, long end, CacheMode actual, boolean acceptOther) {
    meter.count(TREE_INSERT);
    CacheMode type = actual;
    int node = tree.first(start, end);
    if (node != MemtypeTree.NIL && acceptOther) {
      type = tree.type(node);
    }
    for (; node != MemtypeTree.NIL; node = tree.next(node, start, end)) {
      if (tree.type(node) != type) {
        text.conflict(start, end, type, tree.type(node));
        return -EBUSY;
      }
    }
    tree.insert(start, end, type);
    orderKnown = false;
    return type.value();
  }

  /**
   * memtype_free: takes a reservation back.
   *
   * @return 0; -EINVAL if nothing like it was reserved, which is also logged, or if the range is
   *     partly RAM. Until v6.15 a range that ends where a reservation ends shrinks it
   */
  public long free(long start, long end) {
    if (meter.tracing) {
      meter.enter("memtype_free", start, end);
    }
    long result = freeChecked(start & PHYSICAL_MASK, (end - 1 & PHYSICAL_MASK) + 1);
    if (meter.tracing) {
      meter.exit("memtype_free", result);
    }
    return result;
  }

  private long freeChecked(long start, long end) {
    meter.count(FREE);
    if (!enabled || isUntracked(start, end)) {
      return 0;
    }
    int ram = rangeIsRam(start, end);
    if (ram != 0) {
      return ram < 0 ? -EINVAL : ramPages.free(start, end);
    }
    meter.lock(LOCK);
    boolean erased = erase(start, end);
    meter.unlock(LOCK);
    if (!erased) {
      text.freeingInvalid(start, end);
    }
    return erased ? 0 : -EINVAL;
  }

  private boolean erase(long start, long end) {
    meter.count(TREE_ERASE);
    int exact = MemtypeTree.NIL;
    int sameEnd = MemtypeTree.NIL;
    for (int node = tree.first(start, end);
        node != MemtypeTree.NIL && exact == MemtypeTree.NIL;
        node = tree.next(node, start, end)) {
      if (tree.end(node) == end) {
        if (tree.start(node) == start) {
          exact = node;
        } else if (tree.start(node) < start && sameEnd == MemtypeTree.NIL) {
          sameEnd = node;
        }
      }
    }
    if (exact != MemtypeTree.NIL) {
      tree.remove(exact);
    } else if (sameEnd != MemtypeTree.NIL && !eraseExact) {
      long itsStart = tree.start(sameEnd);
      CacheMode type = tree.type(sameEnd);
      tree.remove(sameEnd);
      tree.insert(itsStart, start, type);
    } else {
      return false;
    }
    orderKnown = false;
    return true;
  }

  /**
   * lookup_memtype: the mode that a page must be mapped with. RAM has what its flags say, the rest
   * what the first reservation over it says, UC- without one. Callers ask only while {@link
   * #enabled}.
   */
  public CacheMode lookup(long address) {
    meter.count(LOOKUP);
    long page = address & PHYSICAL_MASK & -PAGE_SIZE;
    if (isUntracked(page, page + PAGE_SIZE)) {
      return CacheMode.WB;
    }
    if (isRamPage(page)) {
      return ramPages.lookup(page >>> PAGE_SHIFT);
    }
    meter.lock(LOCK);
    meter.count(TREE_LOOKUP);
    int node = tree.first(page, page + PAGE_SIZE);
    CacheMode mode = node == MemtypeTree.NIL ? CacheMode.UC_MINUS : tree.type(node);
    meter.unlock(LOCK);
    return mode;
  }

  private boolean isRamPage(long page) {
    if (asksStructPage) {
      return ramPages.isRam(page >>> PAGE_SHIFT);
    }
    if (asksIndex) {
      meter.count(RANGE_IS_RAM);
      return page >= ISA_END && iomem.isRamByIndex(page >>> PAGE_SHIFT);
    }
    return rangeIsRam(page, page + PAGE_SIZE) != 0;
  }

  /**
   * pat_pagerange_is_ram: 1 if a range is System RAM, 0 if not, -1 if it is mixed. The first MiB is
   * never RAM here, and a hole at the end of a range goes unnoticed: RAM followed by a hole is 1, a
   * hole followed by RAM -1.
   */
  public int rangeIsRam(long start, long end) {
    meter.count(RANGE_IS_RAM);
    long first = start >>> PAGE_SHIFT;
    long behind = (end + PAGE_SIZE - 1) >>> PAGE_SHIFT;
    range.begin(first);
    long from = Math.max(first, ISA_END >>> PAGE_SHIFT);
    if (from < behind && iomem.walkSystemRamRange(from, behind - from, range) > 0) {
      return -1;
    }
    return range.ram ? 1 : 0;
  }

  /** What pat_pagerange_is_ram remembers from piece to piece. */
  private static final class RangeTest implements RamVisitor {
    private long expected;
    private boolean ram;
    private boolean hole;

    void begin(long first) {
      expected = first;
      ram = false;
      hole = false;
    }

    @Override
    public long visit(long pfn, long count) {
      hole |= pfn > expected;
      ram = true;
      expected = pfn + count;
      return hole ? 1 : 0;
    }
  }

  /**
   * is_new_memtype_allowed: whether a caller that wanted one mode may go on with another. A mode
   * that caches more than was wished for is not; the ISA hole is always.
   */
  public boolean isNewMemtypeAllowed(long start, long end, CacheMode want, CacheMode got) {
    if (isUntracked(start, end)) {
      return true;
    }
    return switch (want) {
      case UC_MINUS, WC -> got != CacheMode.WB;
      case WT -> got != CacheMode.WB && got != CacheMode.WC;
      case WB, UC, WP -> true;
    };
  }

  /**
   * memtype_kernel_map_sync: gives the direct map of a range the range's mode. Where there is none,
   * or none for what is not RAM, nothing is done; that is, for all BARs.
   *
   * @return 0, or -EFAULT if the range has holes
   */
  public long kernelMapSync(long base, long size, CacheMode type) {
    meter.count(KERNEL_MAP_SYNC);
    if (base > lastDirectMapped || !iomem.pageIsRam(base >>> PAGE_SHIFT)) {
      return 0;
    }
    if (meter.tracing) {
      meter.note("direct map of " + size + " bytes becomes " + type.kernelName());
    }
    DirectMap map = directMap;
    return map == null
        ? 0
        : map.give(
            base >>> PAGE_SHIFT,
            Math.min(size, lastDirectMapped + 1 - base) >>> PAGE_SHIFT,
            type == CacheMode.UC ? CacheMode.UC_MINUS : type);
  }

  /** From now on, {@link #kernelMapSync} changes this direct map. */
  public void attach(DirectMap map) {
    directMap = map;
  }

  /** is_untracked_pat_range: wholly inside the ISA hole, which is always mapped WB. */
  private static boolean isUntracked(long start, long end) {
    return start >= ISA_START && end <= ISA_END;
  }

  /** How many reservations there are. */
  public int count() {
    return tree.size();
  }

  /** First byte of the i-th reservation, in the order of the list. */
  public long start(int i) {
    return tree.start(node(i));
  }

  /** The byte behind the i-th reservation. */
  public long end(int i) {
    return tree.end(node(i));
  }

  /** The mode of the i-th reservation. */
  public CacheMode type(int i) {
    return tree.type(node(i));
  }

  private int node(int i) {
    if (!orderKnown) {
      order = tree.inOrder();
      orderKnown = true;
    }
    return order[i];
  }

  /**
   * The text of debugfs x86/pat_memtype_list: reservations only, RAM pages are not in it, ends
   * exclusive.
   */
  public String listText() {
    StringBuilder list = new StringBuilder("PAT memtype list:\n");
    for (int i = 0; i < count(); i++) {
      MemtypeText.appendListLine(list, start(i), end(i), type(i));
    }
    return list.toString();
  }

  /**
   * Recounts the tree.
   *
   * @throws IllegalStateException saying what is wrong
   */
  public void checkInvariants() {
    tree.check();
  }
}
