package org.pfnlab.core.fault;

import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelLog;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Current;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.AnonRmap;
import org.pfnlab.core.rmap.PageRmap;

/**
 * do_wp_page (mm/memory.c): a write, or a pin that must not share, met a present read-only entry.
 * Reuses the page, makes a shared one writable, or copies (COW).
 *
 * <p>The decision changed twice: v5.9 to v5.18 reuse an anonymous page when nobody else holds a
 * reference; since v5.19 PageAnonExclusive decides, and references held by GUP no longer force a
 * copy.
 */
public final class WriteProtect {
  /** do_wp_page calls. */
  public static final Event DO_WP_PAGE = Event.define("fault.do_wp_page", "do_wp_page");

  /** wp_page_reuse calls. */
  public static final Event REUSE = Event.define("fault.wp_reuse", "wp_page_reuse");

  /** wp_page_copy calls. */
  public static final Event COPY = Event.define("fault.wp_copy", "wp_page_copy");

  /** wp_page_shared calls. */
  public static final Event SHARED = Event.define("fault.wp_shared", "wp_page_shared");

  /** wp_pfn_shared calls. */
  public static final Event PFN_SHARED = Event.define("fault.wp_pfn_shared", "wp_pfn_shared");

  /** An anonymous page knows whether it belongs to one process only. */
  public static final Feature PAGE_ANON_EXCLUSIVE =
      Feature.define(
          "PAGE_ANON_EXCLUSIVE",
          "6c287605fd56, v5.19: PageAnonExclusive; exclusive pages are always reused",
          Releases.since("v5.19"));

  /** A raw frame is shared if the mapping may be shared, not only if it is writable. */
  public static final Feature WP_PFN_SHARED_BY_MAYSHARE =
      Feature.define(
          "WP_PFN_SHARED_BY_MAYSHARE",
          "v6.2: do_wp_page tests VM_SHARED or VM_MAYSHARE alone",
          Releases.since("v6.2"));

  /** Unsharing copies whatever a COW mapping shows, the zero page and raw frames included. */
  public static final Feature UNSHARE_COPIES_ANYTHING =
      Feature.define(
          "UNSHARE_COPIES_ANYTHING",
          "c89357e27f20, v6.2: FAULT_FLAG_UNSHARE for anything in a COW mapping",
          Releases.since("v6.2"));

  /** VM_FAULT_WRITE tells get_user_pages that COW was broken. */
  public static final Feature VM_FAULT_WRITE =
      Feature.define("VM_FAULT_WRITE", "gone with cb8d8633134c, v6.2", Releases.before("v6.2"));

  /** Ours, and what the swap cache and an LRU batch may have: more cannot go away. */
  private static final int LIKELY_REFERENCES = 3;

  /** The copy of a page is a function of its own, by which a failed one is known in the log. */
  public static final Feature WP_COPY_TELLS_FAILURE =
      Feature.define(
          "WP_COPY_TELLS_FAILURE",
          "a873dfe1032a, v6.2: __wp_page_copy_user returns an error; before, wp_page_copy inlines it",
          Releases.since("v6.2"));

  private final Meter meter;
  private final KernelLog log;
  private final Frames frames;
  private final NormalPage normalPage;
  private final AnonRmap anonRmap;
  private final PageRmap rmap;
  private final DirtyShared dirtyShared;
  private final Current current;
  private final String copySymbol;
  private final boolean exclusive;
  private final boolean mayShare;
  private final boolean unsharesRaw;
  private final boolean savedDirty;
  private final int wrote;

  /** Works on these frames by these rules. */
  public WriteProtect(
      Kernel kernel,
      Frames frames,
      NormalPage normalPage,
      AnonRmap anonRmap,
      PageRmap rmap,
      Current current) {
    this.meter = kernel.meter;
    this.log = kernel.log();
    this.current = current;
    this.copySymbol = kernel.has(WP_COPY_TELLS_FAILURE) ? "__wp_page_copy_user" : "wp_page_copy";
    this.frames = frames;
    this.normalPage = normalPage;
    this.anonRmap = anonRmap;
    this.rmap = rmap;
    this.dirtyShared = new DirtyShared(kernel, frames);
    this.exclusive = kernel.has(PAGE_ANON_EXCLUSIVE);
    this.mayShare = kernel.has(WP_PFN_SHARED_BY_MAYSHARE);
    this.unsharesRaw = kernel.has(UNSHARE_COPIES_ANYTHING);
    this.savedDirty = kernel.has(Arch.X86_SAVED_DIRTY);
    this.wrote = kernel.has(VM_FAULT_WRITE) ? VmFault.WROTE : 0;
  }

  /** Handles a write or unshare fault on this present entry, which does not permit writing. */
  int doWpPage(VmFault fault, long pte) {
    meter.count(DO_WP_PAGE);
    Vma vma = fault.vma();
    boolean unshare = (fault.flags & VmFault.FLAG_UNSHARE) != 0;
    long pfn = normalPage.of(vma, fault.address, pte);
    if (pfn < 0) {
      if (unshare && !unsharesRaw) {
        return 0;
      }
      return isSharedRaw(vma) ? wpPfnShared(fault, pte) : wpPageCopy(fault, pte, -1);
    }
    if (frames.has(pfn, Frames.ANON)) {
      if (canReuse(pfn)) {
        if (unshare) {
          return 0;
        }
        return reuse(fault, pte) | wrote;
      }
    } else if (!unshare && vma.has(VmFlags.VM_SHARED) && (mayShare || vma.has(VmFlags.VM_WRITE))) {
      return wpPageShared(fault, pte, pfn);
    }
    return wpPageCopy(fault, pte, pfn);
  }

  private boolean isSharedRaw(Vma vma) {
    return mayShare
        ? vma.hasAny(VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE)
        : vma.has(VmFlags.VM_WRITE | VmFlags.VM_SHARED);
  }

  /** wp_can_reuse_anon_folio. */
  private boolean canReuse(long pfn) {
    if (!exclusive) {
      return !frames.has(pfn, Frames.KSM) && frames.refcount(pfn) == 1 && frames.mapcount(pfn) == 1;
    }
    if (frames.has(pfn, Frames.ANON_EXCLUSIVE)) {
      return true;
    }
    if (frames.has(pfn, Frames.KSM) || frames.refcount(pfn) > LIKELY_REFERENCES) {
      return false;
    }
    frames.lru().drainIfOffList(pfn);
    if (frames.refcount(pfn) != 1) {
      return false;
    }
    frames.set(pfn, Frames.ANON_EXCLUSIVE);
    return true;
  }

  private int reuse(VmFault fault, long pte) {
    meter.count(REUSE);
    Vma vma = fault.vma();
    long ready = Pte.mkDirty(Pte.mkYoung(pte), savedDirty);
    vma.mm.pageTable.set(
        fault.address, vma.has(VmFlags.VM_WRITE) ? Pte.mkWrite(ready, savedDirty) : ready);
    return 0;
  }

  private int wpPfnShared(VmFault fault, long pte) {
    meter.count(PFN_SHARED);
    VmOps ops = fault.vma().ops;
    if (ops != null && ops.hasPfnMkwrite()) {
      fault.flags |= VmFault.FLAG_MKWRITE;
      int result = ops.pfnMkwrite(fault);
      if ((result & (VmFault.ERROR | VmFault.NOPAGE)) != 0) {
        return result;
      }
      if (fault.vma().mm.pageTable.get(fault.address) != pte) {
        return VmFault.NOPAGE;
      }
    }
    reuse(fault, pte);
    return wrote;
  }

  private int wpPageShared(VmFault fault, long pte, long pfn) {
    meter.count(SHARED);
    VmOps ops = fault.vma().ops;
    boolean notified = ops != null && ops.hasPageMkwrite();
    if (ops != null && notified) {
      fault.page = pfn;
      fault.flags |= VmFault.FLAG_MKWRITE;
      int result = ops.pageMkwrite(fault);
      if (result == 0 || (result & (VmFault.ERROR | VmFault.NOPAGE)) != 0) {
        return result;
      }
    }
    reuse(fault, pte);
    return dirtyShared.mark(fault, pfn, notified) | wrote;
  }

  /**
   * wp_page_copy: the entry gets an anonymous copy of the page, or of what a raw frame holds; the
   * zero page needs no copying. The copy keeps the VMA's protection with its cache bits, and is not
   * special.
   *
   * @param old the page that loses this mapping, or -1 for a raw frame or the zero page
   */
  private int wpPageCopy(VmFault fault, long pte, long old) {
    meter.count(COPY);
    Vma vma = fault.vma();
    anonRmap.prepare(vma);
    long copy = frames.alloc();
    if (copy < 0) {
      return VmFault.OOM;
    }
    if (old >= 0) {
      frames.copy(old, copy);
    } else if (Pte.pfn(pte) == frames.zeroPfn()) {
      frames.zero(copy);
    } else {
      copyFromUser(fault, copy);
    }
    long fresh = Pte.of(copy, vma.pageProt);
    boolean unshare = (fault.flags & VmFault.FLAG_UNSHARE) != 0;
    if (!unshare) {
      fresh = Pte.mkDirty(fresh, savedDirty);
      if (vma.has(VmFlags.VM_WRITE)) {
        fresh = Pte.mkWrite(fresh, savedDirty);
      }
    }
    rmap.addNewAnon(vma, copy, fault.address);
    vma.mm.pageTable.set(fault.address, fresh);
    if (old >= 0) {
      rmap.remove(vma, old);
      frames.put(old);
    }
    return unshare ? 0 : wrote;
  }

  /**
   * cow_user_page, __wp_page_copy_user without a source page: the bytes are read through the
   * address itself, in whatever address space the CPU runs in. If that has nothing readable there,
   * the copy is all zeros and the kernel warns, once.
   */
  private void copyFromUser(VmFault fault, long copy) {
    Mm running = (fault.flags & VmFault.FLAG_REMOTE) != 0 ? current.mm() : null;
    PageTable table = (running != null ? running : fault.vma().mm).pageTable;
    long entry = table.get(fault.address);
    if ((entry & (Pte.PRESENT | Pte.USER)) != (Pte.PRESENT | Pte.USER)) {
      log.warnOnce(copySymbol, "a raw frame cannot be read through its address");
      frames.zero(copy);
      return;
    }
    int level = table.levelAt(fault.address);
    long inLeaf = level > 1 ? (fault.address & (PageTable.span(level) - 1)) >>> 12 : 0;
    frames.copy(Pte.pfn(entry, Math.max(level, 1)) + inLeaf, copy);
  }
}
