package org.pfnlab.core.gup;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;

/**
 * get_user_pages_fast and pin_user_pages_fast: a walk of the page tables without locks that looks
 * at no VMA, and the slow path for what it could not take.
 *
 * <p>The walk never reports an error: it stops. A special entry stops it; that is all that protects
 * raw frames from it. Huge leaves had no special bit before v6.12, so there it took what it found.
 * Left out, because nothing runs beside us: the re-read of the entry, the fork sequence count.
 */
public final class GupFast {
  /** get_user_pages_fast calls. */
  public static final Event CALLED =
      Event.define("gup.fast_call", "internal_get_user_pages_fast, gup_fast_fallback");

  /** Lockless walks. */
  public static final Event WALKED =
      Event.define("gup.fast_walk", "lockless_pages_from_mm, gup_fast");

  /** Tables of small entries walked. */
  public static final Event TABLE_WALKED =
      Event.define("gup.fast_table", "gup_pte_range, gup_fast_pte_range");

  /** try_grab_folio calls of the fast path. */
  public static final Event GRABBED = Event.define("gup.fast_grab", "try_grab_folio, fast path");

  /** A range that wraps is EOVERFLOW and not a silent 0. */
  public static final Feature GUP_FAST_EOVERFLOW =
      Feature.define(
          "GUP_FAST_EOVERFLOW",
          "in 6.6 and 6.18, not in 6.1: the fast path answers EOVERFLOW",
          Releases.since("v6.6"));

  /**
   * A page that is neither anonymous nor in a page cache is left to the slow path. A matter of
   * configuration: of the recorded kernels only 6.18.44 is built with CONFIG_SECRETMEM.
   */
  public static final Feature GUP_FAST_NEEDS_MAPPING =
      Feature.define(
          "GUP_FAST_NEEDS_MAPPING",
          "f002882ca369, v6.10: with CONFIG_SECRETMEM gup_fast_folio_allowed refuses a small folio"
              + " without a mapping",
          Releases.none().backportedTo("v6.18.44"));

  private static final long STOP = -1;

  private static final KernelBug NO_STRUCT_PAGE =
      new KernelBug("gup_huge_pmd", "a huge leaf names a frame without a struct page");

  private final Meter meter;
  private final Frames frames;
  private final GupSlow slow;
  private final Pins pins;
  private final Unshare unshare;
  private final GupHooks.@Nullable FastCheck hook;
  private final boolean exists;
  private final boolean walksPtes;
  private final boolean hugeSpecial;
  private final boolean refusesSecretmem;
  private final boolean refusesFileBacked;
  private final boolean needsMapping;
  private final boolean tellsOverflow;

  /** Gets pages by the rules of this kernel. */
  public GupFast(Kernel kernel, Frames frames, GupSlow slow, Pins pins) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.slow = slow;
    this.pins = pins;
    this.unshare = new Unshare(kernel);
    this.hook = kernel.hooks().get(GupHooks.FAST);
    this.exists = kernel.has(Arch.HAVE_GUP_FAST);
    this.walksPtes = kernel.has(Arch.ARCH_HAS_PTE_SPECIAL);
    this.hugeSpecial = kernel.has(Arch.ARCH_SUPPORTS_HUGE_PFNMAP);
    this.refusesSecretmem = kernel.has(VmaCheck.GUP_REFUSES_SECRETMEM);
    this.refusesFileBacked = kernel.has(VmaCheck.LONGTERM_REFUSES_FILE_BACKED);
    this.needsMapping = kernel.has(GUP_FAST_NEEDS_MAPPING);
    this.tellsOverflow = kernel.has(GUP_FAST_EOVERFLOW);
  }

  /**
   * Gets pages of the calling process.
   *
   * @param address any byte of the first page
   * @param flags {@link GupFlags} with FOLL_GET or FOLL_PIN
   * @param pages where the pfns go
   * @return pages got, or -errno if there is none, as {@link GupSlow#get} says, EFAULT beyond user
   *     space, EOVERFLOW
   */
  public long get(Mm mm, long address, int nPages, int flags, long[] pages) {
    meter.count(CALLED);
    if ((flags & GupFlags.FOLL_PIN) != 0) {
      mm.hasPinned = true;
    }
    long start = address & ~0xfffL;
    long length = (long) nPages << 12;
    long end = start + length;
    if (Long.compareUnsigned(end, start) < 0) {
      return tellsOverflow ? -Errno.EOVERFLOW : 0;
    }
    if (Long.compareUnsigned(end, Mm.TASK_SIZE) > 0) {
      return -Errno.EFAULT;
    }
    int taken = exists ? walk(mm, start, nPages, flags, pages) : 0;
    if (taken == nPages || (flags & GupFlags.FOLL_FAST_ONLY) != 0) {
      return taken;
    }
    int slowFlags = flags | GupFlags.FOLL_TOUCH;
    long more =
        slow.getUnlocked(mm, start + ((long) taken << 12), nPages - taken, slowFlags, pages, taken);
    if (more < 0) {
      return taken > 0 ? taken : more;
    }
    return taken + more;
  }

  private int walk(Mm mm, long start, int nPages, int flags, long[] pages) {
    meter.count(WALKED);
    if (meter.tracing) {
      meter.enter("gup_fast", start, nPages);
    }
    PageTable pageTable = mm.pageTable;
    int taken = 0;
    while (taken < nPages) {
      long address = start + ((long) taken << 12);
      PageTable.Table leaf = pageTable.leaf(address);
      int before = taken;
      int to;
      if (leaf == null) {
        to = huge(mm, address, taken, nPages, flags, pages);
        taken = to;
      } else {
        if (!walksPtes) {
          break;
        }
        meter.count(TABLE_WALKED);
        int index = PageTable.index(address);
        to = taken + Math.min(PageTable.ENTRIES - index, nPages - taken);
        taken = table(mm, address, leaf.entries, index, taken, to, flags, pages);
      }
      if (taken < to || taken == before) {
        noteStop(pageTable, start + ((long) taken << 12));
        break;
      }
    }
    if (meter.tracing) {
      meter.exit("gup_fast", taken);
    }
    return taken;
  }

  private void noteStop(PageTable pageTable, long address) {
    if (meter.tracing) {
      meter.note("the fast walk stops at " + Pte.describe(pageTable.get(address)));
    }
  }

  private int table(
      Mm mm, long base, long[] entries, int index, int from, int to, int flags, long[] pages) {
    int taken = from;
    int tried = from;
    while (taken < to) {
      int step = taken - from;
      long pte = entries[index + step];
      if (!permits(pte, flags) || Pte.special(pte)) {
        break;
      }
      tried++;
      long pfn = take(mm, base + ((long) step << 12), pte, Pte.pfn(pte), 1, flags);
      if (pfn == STOP) {
        break;
      }
      pages[taken++] = pfn;
    }
    meter.count(GRABBED, tried - from);
    return taken;
  }

  /** Takes what it can of one huge leaf; returns how many pages are taken in all. */
  private int huge(Mm mm, long address, int from, int nPages, int flags, long[] pages) {
    int level = mm.pageTable.levelAt(address);
    if (level == 0) {
      return from;
    }
    long leaf = mm.pageTable.get(address);
    if (!permits(leaf, flags) || (hugeSpecial && Pte.special(leaf))) {
      return from;
    }
    long offset = (address & PageTable.span(level) - 1) >>> 12;
    long first = Pte.pfn(leaf, level) + offset;
    int n = (int) Math.min((PageTable.span(level) >>> 12) - offset, nPages - from);
    for (int i = 0; i < n; i++) {
      if (!frames.hasPage(first + i)) {
        throw NO_STRUCT_PAGE;
      }
      if (take(mm, address + ((long) i << 12), leaf, first + i, level, flags) == STOP) {
        return from + i;
      }
      pages[from + i] = first + i;
    }
    meter.count(GRABBED, n);
    return from + n;
  }

  /** pte_access_permitted, with what pte_protnone refuses included. */
  private static boolean permits(long pte, int flags) {
    long needed = Pte.PRESENT | Pte.USER;
    if ((flags & GupFlags.FOLL_WRITE) != 0) {
      needed |= Pte.RW;
    }
    return (pte & needed) == needed;
  }

  /**
   * The reference and the tests behind it; those that give it back at once are asked first here.
   */
  private long take(Mm mm, long address, long pte, long pfn, int level, int flags) {
    int kind = frames.flags(pfn);
    if (!isAllowed(pfn, kind, flags) || (!Pte.write(pte) && unshare.isNeeded(null, flags, kind))) {
      return STOP;
    }
    if (hook != null && !hook.allows(mm, address, pte, level, flags)) {
      return STOP;
    }
    if (!pins.grab(pfn, flags)) {
      return STOP;
    }
    frames.lru().setReferenced(pfn);
    return pfn;
  }

  /** gup_fast_folio_allowed and folio_is_longterm_pinnable: what the VMA would have told. */
  private boolean isAllowed(long pfn, int kind, int flags) {
    if (refusesSecretmem && (kind & Frames.SECRETMEM) != 0) {
      return false;
    }
    if (needsMapping && (kind & Frames.ANON) == 0 && frames.mapping(pfn) == null) {
      return false;
    }
    if ((flags & GupFlags.FOLL_LONGTERM) == 0) {
      return true;
    }
    boolean mayNotBeFile =
        refusesFileBacked && GupFlags.has(flags, GupFlags.FOLL_PIN | GupFlags.FOLL_WRITE);
    return slow.isLongtermPinnable(kind)
        && (!mayNotBeFile || (kind & (Frames.ANON | Frames.SWAPBACKED)) != 0);
  }
}
