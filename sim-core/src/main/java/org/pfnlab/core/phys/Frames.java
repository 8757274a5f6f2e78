package org.pfnlab.core.phys;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;

/**
 * The machine's page frames: what Linux keeps in struct page, and the bytes of the pages.
 *
 * <p>A frame is named by its pfn, below 2^40. State exists for frames that have a struct page
 * ({@link #hasPage}); content exists for every pfn, so that a store to a device's BAR can be read
 * back. Untouched memory costs nothing; a touched frame costs 28 bytes and a bit, in chunks of 512,
 * plus its content beyond the first eight bytes.
 *
 * <p>Left out: compound pages (blocks come out split, one reference a frame), memcg. The count of
 * mappings is zero-based: what page_mapcount says, not what _mapcount stores.
 */
public final class Frames {
  /** A page left the allocator. */
  public static final Event PAGE_ALLOCATED =
      Event.define("phys.page_allocated", "page taken from the allocator");

  /** A page went back to the allocator. */
  public static final Event PAGE_FREED = Event.define("phys.page_freed", "page given back");

  /** References taken (get_page and its kin). */
  public static final Event PAGE_GET = Event.define("phys.page_get", "page reference taken");

  /** References dropped (put_page and its kin). */
  public static final Event PAGE_PUT = Event.define("phys.page_put", "page reference dropped");

  /** Pages pinned (FOLL_PIN). */
  public static final Event PAGE_PINNED = Event.define("phys.page_pinned", "page pinned");

  /** Pages unpinned. */
  public static final Event PAGE_UNPINNED = Event.define("phys.page_unpinned", "page unpinned");

  /** Whole pages copied (copy_highpage). */
  public static final Event PAGE_COPIED = Event.define("phys.page_copied", "page copied");

  /** Whole pages zeroed (clear_highpage). */
  public static final Event PAGE_ZEROED = Event.define("phys.page_zeroed", "page zeroed");

  /** Anonymous page (PageAnon); {@link #mapping} is its anon_vma. */
  public static final int ANON = 1;

  /** PageAnonExclusive (since v5.19). */
  public static final int ANON_EXCLUSIVE = 1 << 1;

  /** Page-cache page of a file; {@link #mapping} is its address_space. */
  public static final int FILE = 1 << 2;

  /** PageSwapBacked: anonymous or shmem. */
  public static final int SWAPBACKED = 1 << 3;

  /** PageDirty. */
  public static final int DIRTY = 1 << 4;

  /** PageUptodate. */
  public static final int UPTODATE = 1 << 5;

  /** PageReserved: not the allocator's. */
  public static final int RESERVED = 1 << 6;

  /** PageSlab, or a page with a type (page_has_type). */
  public static final int SLAB_OR_TYPED = 1 << 7;

  /** The zero page (is_zero_pfn). */
  public static final int ZERO_PAGE = 1 << 8;

  /** A page of memfd_secret, out of the direct map. */
  public static final int SECRETMEM = 1 << 9;

  /** PageKsm. */
  public static final int KSM = 1 << 10;

  /** Anonymous and clean after MADV_FREE. */
  public static final int LAZYFREE = 1 << 11;

  /** PageLocked. */
  public static final int LOCKED = 1 << 12;

  /** PageLRU. */
  public static final int LRU = 1 << 13;

  /** PageWriteback. */
  public static final int WRITEBACK = 1 << 14;

  /** PageMlocked. */
  public static final int MLOCKED = 1 << 15;

  /** PageHWPoison. */
  public static final int HWPOISON = 1 << 16;

  /** Lies in a CMA area (MIGRATE_CMA); whoever takes a block from there says so. */
  public static final int CMA = 1 << 17;

  /** PageBuddy: first frame of a free block; the allocator's own. */
  static final int BUDDY = 1 << 23;

  /** What one pin adds to the count of references: GUP_PIN_COUNTING_BIAS. */
  public static final int PIN_BIAS = 1024;

  private static final int MEMTYPE_SHIFT = 20;
  private static final long MEMTYPE = 3L << MEMTYPE_SHIFT;
  private static final long FREE_FOR_USE = Chunk.FLAGS & ~BUDDY & ~MEMTYPE;

  /** The index field's value for the rare index that does not fit into forty bits. */
  private static final long ELSEWHERE = (1L << (64 - Chunk.INDEX_SHIFT)) - 1;

  private final Meter meter;
  private final MemoryMap memory;
  private final ChunkMap chunks;
  private final Buddy buddy;
  private final long zeroPfn;
  private final Map<Long, Long> largeIndexes = new HashMap<>();
  private final LruBatches lru;

  /**
   * A machine's memory, untouched.
   *
   * @param ram System RAM as pairs of start and end byte addresses, end exclusive, in any order
   */
  public Frames(Kernel kernel, long[] ram) {
    this(kernel, ram, 0, 0);
  }

  /**
   * A machine's memory, untouched.
   *
   * @param ram System RAM as pairs of start and end byte addresses, end exclusive, in any order
   * @param imageStart first page frame of the kernel's image, which is never given out
   * @param imageEnd the page frame behind it
   */
  public Frames(Kernel kernel, long[] ram, long imageStart, long imageEnd) {
    meter = kernel.meter;
    memory = new MemoryMap(ram, imageStart, imageEnd);
    zeroPfn = firstManaged(memory);
    chunks = new ChunkMap(memory, zeroPfn);
    buddy = new Buddy(meter, memory, chunks, zeroPfn);
    lru = new LruBatches(kernel, this);
  }

  private static long firstManaged(MemoryMap memory) {
    for (int i = 0; i < memory.ranges(); i++) {
      if (memory.endPfn(i) > MemoryMap.LOW_PFNS) {
        return Math.max(memory.firstPfn(i), MemoryMap.LOW_PFNS);
      }
    }
    return -1;
  }

  /**
   * Whether a struct page exists (pfn_valid): for every pfn of a 128 MiB section that holds RAM.
   */
  public boolean hasPage(long pfn) {
    return memory.hasPage(pfn);
  }

  /** Whether the pfn is System RAM. */
  public boolean isRam(long pfn) {
    return memory.isRam(pfn);
  }

  /** Whether every page frame of [first, behind) is System RAM. */
  public boolean isRam(long first, long behind) {
    return memory.isRam(first, behind);
  }

  /** The end of RAM: max_pfn; highest_memmap_pfn is one less. */
  public long maxPfn() {
    return memory.maxPfn();
  }

  /**
   * The zero page's pfn (my_zero_pfn): reserved, below everything that is given out; -1 without
   * RAM.
   */
  public long zeroPfn() {
    return zeroPfn;
  }

  /** The page allocator. */
  public Buddy buddy() {
    return buddy;
  }

  /** The batches of pages on their way to the LRU lists. */
  public LruBatches lru() {
    return lru;
  }

  /** One page with one reference, from the highest zone that has one; -1 if there is none. */
  public long alloc() {
    return alloc(0, Zone.NORMAL);
  }

  /**
   * A block of 2^order pages, split: one reference each, content as the last owner left it.
   *
   * @return the first pfn, or -1 if there is none
   */
  public long alloc(int order, Zone highest) {
    long pfn = buddy.alloc(order, highest);
    if (pfn >= 0) {
      for (long p = pfn; p < pfn + (1L << order); p++) {
        chunks.touch(p).refs[slot(p)] = 1;
      }
      meter.count(PAGE_ALLOCATED, 1L << order);
    }
    return pfn;
  }

  /** References, pins included at {@link #PIN_BIAS} each (page_count). */
  public int refcount(long pfn) {
    Chunk chunk = pageOrNull(pfn);
    return chunk != null ? chunk.refs[slot(pfn)] : chunks.isManaged(pfn) ? 0 : 1;
  }

  /**
   * Takes a reference (get_page).
   *
   * @throws IllegalStateException on a free page
   */
  public void get(long pfn) {
    add(pfn, 1);
    meter.count(PAGE_GET);
  }

  /**
   * What fork does to a page that the child maps too, at once: a reference, a mapping, and the page
   * is nobody's alone (PageAnonExclusive). The caller counts {@link #PAGE_GET}.
   *
   * @return the flags as they were
   * @throws IllegalStateException on a free page
   */
  public int shareMapped(long pfn) {
    Chunk chunk = page(pfn);
    int i = slot(pfn);
    if (chunk.refs[i] <= 0) {
      throw broken(pfn, "is free and cannot be shared");
    }
    chunk.refs[i]++;
    chunk.maps[i]++;
    long meta = chunk.meta[i];
    chunk.meta[i] = meta & ~ANON_EXCLUSIVE;
    return (int) (meta & FREE_FOR_USE);
  }

  /** Takes a reference unless the page is free (get_page_unless_zero). */
  public boolean getUnlessZero(long pfn) {
    if (refcount(pfn) == 0) {
      return false;
    }
    get(pfn);
    return true;
  }

  /**
   * Drops a reference (put_page), and returns whether it was the last one and the page went free.
   */
  public boolean put(long pfn) {
    meter.count(PAGE_PUT);
    return drop(pfn, 1);
  }

  /** Pins (FOLL_PIN): adds {@link #PIN_BIAS} references. */
  public void pin(long pfn) {
    add(pfn, PIN_BIAS);
    meter.count(PAGE_PINNED);
  }

  /** Unpins (unpin_user_page), and returns whether the page went free. */
  public boolean unpin(long pfn) {
    meter.count(PAGE_UNPINNED);
    return drop(pfn, PIN_BIAS);
  }

  /** Whether the page may be pinned (page_maybe_dma_pinned): many references look the same. */
  public boolean maybePinned(long pfn) {
    return refcount(pfn) >= PIN_BIAS;
  }

  /** Takes a reference that nobody counts, for a batch. */
  void hold(long pfn) {
    add(pfn, 1);
  }

  /** Drops what {@link #hold} took. */
  void letGo(long pfn) {
    drop(pfn, 1);
  }

  private void add(long pfn, int n) {
    Chunk chunk = page(pfn);
    int i = slot(pfn);
    if (chunk.refs[i] <= 0) {
      throw broken(pfn, "is free and cannot be referenced");
    }
    chunk.refs[i] += n;
  }

  private boolean drop(long pfn, int n) {
    Chunk chunk = page(pfn);
    int i = slot(pfn);
    int left = chunk.refs[i] - n;
    if (left < 0) {
      throw broken(pfn, "lost more references than it had");
    }
    if (left == 0) {
      release(chunk, i, pfn);
      return true;
    }
    chunk.refs[i] = left;
    return false;
  }

  private void release(Chunk chunk, int i, long pfn) {
    if (chunk.maps[i] != 0) {
      throw broken(pfn, "is freed while mapped");
    }
    if ((chunk.meta[i] & RESERVED) != 0) {
      throw broken(pfn, "is reserved and cannot be freed");
    }
    chunk.refs[i] = 0;
    chunk.meta[i] = 0;
    chunk.mapping[i] = null;
    meter.count(PAGE_FREED);
    buddy.free(pfn, 0);
  }

  /** How many PTEs map the page (page_mapcount), zero-based. */
  public int mapcount(long pfn) {
    Chunk chunk = pageOrNull(pfn);
    return chunk == null ? 0 : chunk.maps[slot(pfn)];
  }

  /** One more PTE maps it. */
  public void addMap(long pfn) {
    page(pfn).maps[slot(pfn)]++;
  }

  /** One PTE less maps it; returns how many still do. */
  public int removeMap(long pfn) {
    int left = --page(pfn).maps[slot(pfn)];
    if (left < 0) {
      throw broken(pfn, "was unmapped more often than mapped");
    }
    return left;
  }

  /** All flags. */
  public int flags(long pfn) {
    Chunk chunk = pageOrNull(pfn);
    long flags = chunk == null ? chunks.bootFlags(pfn) : chunk.meta[slot(pfn)];
    return (int) (flags & FREE_FOR_USE);
  }

  /** Whether any of these flags is set. */
  public boolean has(long pfn, int flags) {
    return (flags(pfn) & flags) != 0;
  }

  /** Sets flags. */
  public void set(long pfn, int flags) {
    page(pfn).meta[slot(pfn)] |= flags & FREE_FOR_USE;
  }

  /** Clears flags. */
  public void clear(long pfn, int flags) {
    page(pfn).meta[slot(pfn)] &= ~(flags & FREE_FOR_USE);
  }

  /**
   * The cache mode that x86 keeps in two page flags (get_page_memtype): 0 write-back, 1
   * write-combining, 2 uncached-minus, 3 write-through.
   */
  public int memtype(long pfn) {
    Chunk chunk = pageOrNull(pfn);
    return chunk == null ? 0 : (int) (chunk.meta[slot(pfn)] & MEMTYPE) >>> MEMTYPE_SHIFT;
  }

  /** Stores one of the four cache modes (set_page_memtype). */
  public void setMemtype(long pfn, int type) {
    Chunk chunk = page(pfn);
    int i = slot(pfn);
    chunk.meta[i] = (chunk.meta[i] & ~MEMTYPE) | ((long) type << MEMTYPE_SHIFT & MEMTYPE);
  }

  /** The anon_vma or address_space that owns the page (page->mapping), or null. */
  public @Nullable Object mapping(long pfn) {
    Chunk chunk = pageOrNull(pfn);
    return chunk == null ? null : chunk.mapping[slot(pfn)];
  }

  /** Says who owns the page, and at which page offset of it (page->mapping, page->index). */
  public void setMapping(long pfn, @Nullable Object mapping, long index) {
    Chunk chunk = page(pfn);
    chunk.mapping[slot(pfn)] = mapping;
    setIndex(chunk, pfn, index);
  }

  /**
   * The page offset in its owner (page->index): pages from the start of the file or of anon_vma's
   * space.
   */
  public long index(long pfn) {
    Chunk chunk = pageOrNull(pfn);
    long index = chunk == null ? 0 : chunk.meta[slot(pfn)] >>> Chunk.INDEX_SHIFT;
    return index == ELSEWHERE ? largeIndexes.getOrDefault(pfn, index) : index;
  }

  private void setIndex(Chunk chunk, long pfn, long index) {
    long field = index;
    if (index < 0 || index >= ELSEWHERE) {
      largeIndexes.put(pfn, index);
      field = ELSEWHERE;
    }
    int i = slot(pfn);
    chunk.meta[i] = (chunk.meta[i] & Chunk.FLAGS) | field << Chunk.INDEX_SHIFT;
  }

  /** A byte of the page or device memory at this pfn. */
  public byte load(long pfn, int offset) {
    return (byte) (loadWord(pfn, offset & ~7) >>> ((offset & 7) << 3));
  }

  /** Stores a byte. */
  public void store(long pfn, int offset, byte value) {
    int shift = (offset & 7) << 3;
    long word = loadWord(pfn, offset & ~7) & ~(0xffL << shift);
    storeWord(pfn, offset & ~7, word | (value & 0xffL) << shift);
  }

  /** Eight bytes, little-endian, at an offset that is a multiple of 8. */
  public long loadWord(long pfn, int offset) {
    Chunk chunk = chunks.find(pfn);
    return chunk == null ? 0 : chunk.loadWord(slot(pfn), word(offset));
  }

  /** Stores eight bytes at an offset that is a multiple of 8. */
  public void storeWord(long pfn, int offset, long value) {
    chunks.touch(pfn).storeWord(slot(pfn), word(offset), value);
  }

  /** Copies a whole page (copy_user_highpage). */
  public void copy(long from, long to) {
    copyContent(from, to);
    meter.count(PAGE_COPIED);
  }

  /**
   * Gives a page the content of another although no CPU copies it: an aperture now shows other
   * memory. Untouched memory stays untouched.
   */
  public void copyContent(long from, long to) {
    Chunk source = chunks.find(from);
    if (source == null && chunks.find(to) == null) {
      return;
    }
    PageTail tail = source == null ? null : source.tail(slot(from));
    long word = loadWord(from, 0);
    chunks.touch(to).fill(slot(to), word, tail == null ? null : tail.copy());
  }

  /** Zeroes a whole page (clear_user_highpage). */
  public void zero(long pfn) {
    chunks.touch(pfn).fill(slot(pfn), 0, null);
    meter.count(PAGE_ZEROED);
  }

  /** Sets every byte of a page. */
  public void fill(long pfn, byte value) {
    chunks
        .touch(pfn)
        .fill(slot(pfn), PageTail.repeat(value), value == 0 ? null : PageTail.uniform(value));
  }

  private static int word(int offset) {
    if ((offset & ~0xff8) != 0) {
      throw new IllegalArgumentException("offset " + offset + " is no multiple of 8 inside a page");
    }
    return offset >>> 3;
  }

  private static int slot(long pfn) {
    return (int) pfn & Chunk.FRAMES - 1;
  }

  private Chunk page(long pfn) {
    Chunk chunk = chunks.touch(pfn);
    if (!chunk.hasPages()) {
      throw broken(pfn, "has no struct page");
    }
    return chunk;
  }

  private @Nullable Chunk pageOrNull(long pfn) {
    Chunk chunk = chunks.find(pfn);
    if (chunk == null ? !memory.hasPage(pfn) : !chunk.hasPages()) {
      throw broken(pfn, "has no struct page");
    }
    return chunk;
  }

  /** How many chunks of 512 frames this machine ever made. */
  int chunks() {
    return chunks.created();
  }

  /** The chunk behind the API, for tests that break something on purpose. */
  Chunk touched(long pfn) {
    return chunks.touch(pfn);
  }

  static IllegalStateException broken(long pfn, String what) {
    return new IllegalStateException("pfn 0x" + Long.toHexString(pfn) + " " + what);
  }

  /** Back to the machine's state at boot, in time that depends on the frames touched since. */
  public void reset() {
    chunks.reset();
    buddy.reset();
    largeIndexes.clear();
  }

  /** Remembers all frames; costs what was touched. */
  public FramesSnapshot snapshot() {
    return new FramesSnapshot(chunks, buddy, largeIndexes);
  }

  /** Back to a snapshot of these frames; costs what was touched then and since. */
  public void restore(FramesSnapshot snapshot) {
    reset();
    snapshot.restore(chunks, buddy, largeIndexes);
  }

  /**
   * Recounts: every page is free in exactly one block or referenced, and a free page has no counts,
   * flags or owner.
   *
   * @throws IllegalStateException naming the first frame that is wrong
   */
  public void checkInvariants() {
    FrameCheck.check(chunks, buddy);
  }
}
