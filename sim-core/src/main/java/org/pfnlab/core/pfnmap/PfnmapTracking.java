package org.pfnlab.core.pfnmap;

import static org.pfnlab.core.kernel.Errno.EINVAL;

import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.PfnmapTrackCtx;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.pat.PageAttributeTable;

/**
 * Who reserved the cache mode of raw page frames in user mappings (arch/x86/mm/pat/memtype.c).
 *
 * <p>Until v6.15 a remap of a whole VMA reserves its frames and sets VM_PAT; every VMA or piece
 * that is unmapped, and every revocation, looks at its own first entry to learn what to free, which
 * goes wrong after a partial unmap and, before v6.9, after the first page was copied. Since v6.16 a
 * counted context, shared by fork, split and move, is released with the last VMA.
 *
 * <p>A remap of part of a VMA and every single insertion only asks which mode the frames have,
 * frame by frame. Protections are PTE bits; a call that may fail returns the protection or -errno.
 */
public final class PfnmapTracking {
  /** The cache mode of one frame, or of a partial remap since v6.16, was asked for. */
  public static final Event SETUP_CACHEMODE =
      Event.define("pfnmap.setup_cachemode", "track_pfn_insert; pfnmap_setup_cachemode");

  /** A remap asked for tracking; since v6.16 only a whole-VMA one. */
  public static final Event TRACK_REMAP =
      Event.define("pfnmap.track_remap", "track_pfn_remap; pfnmap_track");

  /** fork of a VM_PFNMAP VMA; nothing to do since v6.16. */
  public static final Event TRACK_COPY = Event.define("pfnmap.track_copy", "track_pfn_copy");

  /** Unmap or revocation of a VM_PFNMAP VMA; since v6.16 the end of a context. */
  public static final Event UNTRACK =
      Event.define("pfnmap.untrack", "untrack_pfn; pfnmap_untrack, pfnmap_track_ctx_release");

  /** VM_PAT was taken off a VMA whose reservation somebody else answers for. */
  public static final Event UNTRACK_CLEAR =
      Event.define("pfnmap.untrack_clear", "untrack_pfn_moved; untrack_pfn_clear");

  /** The first entry of a VMA was looked at to learn what it reserved. */
  public static final Event FOLLOW_PHYS =
      Event.define("pfnmap.follow_phys", "follow_phys; get_pat_info");

  /** reserve_pfn_range. */
  public static final Event RESERVE_PFN_RANGE =
      Event.define("pfnmap.reserve_pfn_range", "reserve_pfn_range");

  /** free_pfn_range. */
  public static final Event FREE_PFN_RANGE =
      Event.define("pfnmap.free_pfn_range", "free_pfn_range");

  private static final long UNKNOWN = -1;

  private final Kernel kernel;
  private final Meter meter;
  private final NormalPage normalPage;
  private final Memtypes memtypes;
  private final PageAttributeTable table;
  private final PfnReservations reservations;
  private final boolean pat;
  private final boolean contexts;
  private final boolean pfnFromPgoff;
  private final boolean forkMarksLate;

  /** Tracks by the rules of this kernel. */
  public PfnmapTracking(Kernel kernel, NormalPage normalPage, Memtypes memtypes) {
    this.kernel = kernel;
    this.meter = kernel.meter;
    this.normalPage = normalPage;
    this.memtypes = memtypes;
    this.table = PageAttributeTable.of(kernel);
    this.reservations = new PfnReservations(kernel, memtypes);
    this.pat = kernel.has(Arch.X86_PAT);
    this.contexts = kernel.has(PfnmapFeatures.PFNMAP_TRACK_CTX);
    this.pfnFromPgoff = kernel.has(PfnmapFeatures.PAT_PFN_FROM_PGOFF);
    this.forkMarksLate = kernel.has(PfnmapFeatures.PAT_FORK_MARKS_LATE);
  }

  /** track_pfn_insert, pfnmap_setup_cachemode_pfn: the protection with the frame's cache mode. */
  public long trackInsert(long pfn, long prot) {
    meter.count(SETUP_CACHEMODE);
    if (!pat) {
      return prot;
    }
    CacheMode mode = memtypes.lookup(pfn << 12);
    if (meter.tracing) {
      meter.note("PAT says " + mode.kernelName() + " for pfn 0x" + Long.toHexString(pfn));
    }
    return Pte.withCacheBits(prot, table.bits(mode));
  }

  /**
   * track_pfn_remap, pfnmap_track: what remap_pfn_range asks before it fills.
   *
   * @param address first address
   * @param size in bytes, whole pages
   * @return the protection with the frames' cache mode; -EINVAL if there is no single or no
   *     permitted one, or, since v6.16, if the VMA is tracked already
   */
  public long trackRemap(Vma vma, long address, long pfn, long size, long prot) {
    boolean whole = address == vma.start && size == vma.end - vma.start;
    if (!contexts) {
      meter.count(TRACK_REMAP);
      if (!whole) {
        return modeOfRange(pfn, size, prot);
      }
      long result = reservations.reserve(pfn << 12, size, prot, false);
      if (Errno.isError(result)) {
        return -EINVAL;
      }
      vma.flags |= VmFlags.VM_PAT;
      return result;
    }
    if (!whole) {
      meter.count(SETUP_CACHEMODE);
      return modeOfRange(pfn, size, prot);
    }
    if (vma.pfnmapTrackCtx != null) {
      return -EINVAL;
    }
    meter.count(TRACK_REMAP);
    long result = reservations.reserve(pfn << 12, size, prot, false);
    if (Errno.isError(result)) {
      return -EINVAL;
    }
    vma.pfnmapTrackCtx = new PfnmapTrackCtx(pfn, size);
    return result;
  }

  /** The cache mode that all frames of a range share: one lookup a frame. */
  private long modeOfRange(long pfn, long size, long prot) {
    if (!pat) {
      return prot;
    }
    CacheMode mode = memtypes.lookup(pfn << 12);
    for (long i = 1; i < size >>> 12; i++) {
      if (memtypes.lookup((pfn + i) << 12) != mode) {
        return -EINVAL;
      }
    }
    return Pte.withCacheBits(prot, table.bits(mode));
  }

  /** untrack_pfn, pfnmap_track_ctx_release: a remap that was tracked failed to fill its range. */
  public void untrackRemap(Vma vma, long address, long pfn, long size) {
    if (contexts) {
      if (address == vma.start && size == vma.end - vma.start) {
        release(vma);
      }
      return;
    }
    meter.count(UNTRACK);
    if (vma.has(VmFlags.VM_PAT)) {
      reservations.free(pfn << 12, size);
      vma.flags &= ~VmFlags.VM_PAT;
    }
  }

  /**
   * track_pfn_copy: fork copies the entries of a VM_PFNMAP VMA, and the child needs a reservation
   * of its own, of exactly the mode that the parent's first entry has.
   *
   * @return 0; -EINVAL if that is refused, or if the first entry no longer tells; fork(2) then
   *     fails with ENOMEM
   */
  public long trackCopy(Vma child, Vma parent) {
    if (contexts) {
      return 0;
    }
    meter.count(TRACK_COPY);
    if (forkMarksLate) {
      meter.count(UNTRACK_CLEAR);
      child.flags &= ~VmFlags.VM_PAT;
    }
    if (!parent.has(VmFlags.VM_PAT)) {
      return 0;
    }
    long pfn = firstPfn(parent);
    if (pfn == UNKNOWN) {
      if (!pfnFromPgoff || !parent.isCowMapping()) {
        kernel.log().warnOnce("track_pfn_copy", "the first entry of the VMA is gone");
      }
      return -EINVAL;
    }
    long prot = parent.mm.pageTable.get(parent.start) & ~Pte.PFN_MASK;
    long result = reservations.reserve(pfn << 12, parent.end - parent.start, prot, true);
    if (Errno.isError(result)) {
      return result;
    }
    child.flags |= VmFlags.VM_PAT;
    return 0;
  }

  /**
   * untrack_pfn: entries of a VM_PFNMAP VMA go away, by unmap or revocation, all of them or some.
   * Frees as much as the VMA is long, from the frame that its first entry names. Nothing since
   * v6.16.
   */
  public void untrack(Vma vma) {
    if (contexts) {
      return;
    }
    meter.count(UNTRACK);
    if (!vma.has(VmFlags.VM_PAT)) {
      return;
    }
    long pfn = firstPfn(vma);
    if (pfn == UNKNOWN) {
      if (!pfnFromPgoff || !vma.isCowMapping()) {
        kernel.log().warnOnce("untrack_pfn", "the first entry of the VMA is gone");
        return;
      }
      pfn = vma.pgoff;
    }
    reservations.free(pfn << 12, vma.end - vma.start);
    vma.flags &= ~VmFlags.VM_PAT;
  }

  /** untrack_pfn_moved, untrack_pfn_clear: mremap has moved the entries to another VMA. */
  public void untrackMoved(Vma old) {
    if (!contexts) {
      meter.count(UNTRACK_CLEAR);
      old.flags &= ~VmFlags.VM_PAT;
    }
  }

  /** vm_area_dup: a copy of a VMA, for fork, split or move, shares the context. */
  public void dup(Vma copy) {
    PfnmapTrackCtx ctx = copy.pfnmapTrackCtx;
    if (ctx != null) {
      ctx.references++;
    }
  }

  /** vm_area_free: a VMA is gone, and with the last one the reservation. */
  public void release(Vma vma) {
    PfnmapTrackCtx ctx = vma.pfnmapTrackCtx;
    vma.pfnmapTrackCtx = null;
    if (ctx != null && --ctx.references == 0) {
      meter.count(UNTRACK);
      reservations.free(ctx.pfn << 12, ctx.size);
    }
  }

  /** follow_phys: the frame of the first entry; since v6.9 not that of an anonymous page. */
  private long firstPfn(Vma vma) {
    meter.count(FOLLOW_PHYS);
    if (vma.mm.pageTable.levelAt(vma.start) != 1) {
      return UNKNOWN;
    }
    long pte = vma.mm.pageTable.get(vma.start);
    if (!Pte.present(pte) || (pfnFromPgoff && normalPage.of(vma, vma.start, pte) >= 0)) {
      return UNKNOWN;
    }
    return Pte.pfn(pte);
  }
}
