package org.pfnlab.core.fault;

import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.AnonRmap;
import org.pfnlab.core.rmap.HugeAnon;
import org.pfnlab.core.rmap.PageRmap;

/**
 * handle_mm_fault (mm/memory.c): fills a hole or makes an entry usable, in the kernel's order of
 * tests. Holes are filled here; write faults on present entries are {@link WriteProtect}'s.
 *
 * <p>Left out: swap, NUMA hinting, userfaultfd.
 */
public final class FaultHandler {
  /** handle_mm_fault calls. */
  public static final Event HANDLE_MM_FAULT =
      Event.define("fault.handle_mm_fault", "handle_mm_fault");

  /** do_anonymous_page calls. */
  public static final Event ANONYMOUS = Event.define("fault.anonymous", "do_anonymous_page");

  /** do_read_fault calls. */
  public static final Event READ = Event.define("fault.read", "do_read_fault");

  /** do_cow_fault calls. */
  public static final Event COW = Event.define("fault.cow", "do_cow_fault");

  /** do_shared_fault calls. */
  public static final Event SHARED = Event.define("fault.shared", "do_shared_fault");

  /** Entries made for pages of an object, by finish_fault or by fault-around. */
  public static final Event SET_PTE =
      Event.define("fault.set_pte", "alloc_set_pte, do_set_pte; set_pte_range");

  /** do_fault_around calls. */
  public static final Event AROUND_FAULT = Event.define("fault.around", "do_fault_around");

  /** finish_fault calls. */
  public static final Event FINISH = Event.define("fault.finish", "finish_fault");

  /** ->fault calls. */
  public static final Event OP_FAULT = Event.define("fault.op", "vm_ops->fault");

  /**
   * The fault path refuses impossible requests: a write without VM_MAYWRITE, or without VM_WRITE
   * where nothing can be copied.
   */
  public static final Feature FAULT_FLAGS_SANITIZED =
      Feature.define(
          "FAULT_FLAGS_SANITIZED",
          "cdc5021cda19, v5.19: sanitize_fault_flags warns and gives SIGSEGV",
          Releases.since("v5.19"));

  /**
   * User faults try the VMA's own lock first; drivers without map_pages are asked to come again.
   */
  public static final Feature PER_VMA_LOCK =
      Feature.define("PER_VMA_LOCK", "v6.4: faults under the per-VMA lock", Releases.since("v6.4"));

  /** A read fault on a writable shared mapping maps an already dirty page dirty. */
  public static final Feature READ_FAULT_MAPS_DIRTY =
      Feature.define(
          "READ_FAULT_MAPS_DIRTY",
          "recorded in 6.18.2, not in 6.1.192: set_pte_range carries the folio's dirtiness",
          Releases.since("v6.10"));

  /** Pages that are mapped already are passed over; before, alloc_set_pte found that out itself. */
  public static final Feature FAULT_AROUND_LOOKS_FIRST =
      Feature.define(
          "FAULT_AROUND_LOOKS_FIRST",
          "f9ce0be71d1f, v5.12: mm: Cleanup faultaround and finish_fault() codepaths",
          Releases.since("v5.12"));

  private static final int AROUND = 16;

  private final Meter meter;
  private final Kernel kernel;
  private final Frames frames;
  private final AnonRmap anonRmap;
  private final PageRmap rmap;
  private final WriteProtect writeProtect;
  private final HugeFaults hugeFaults;
  private final DirtyShared dirtyShared;
  private final boolean sanitizes;
  private final boolean perVmaLock;
  private final boolean readMapsDirty;
  private final boolean looksFirst;
  private final boolean savedDirty;
  private final VmFault shared = new VmFault();

  /** Works on these frames by these rules. */
  public FaultHandler(
      Kernel kernel,
      Frames frames,
      AnonRmap anonRmap,
      PageRmap rmap,
      WriteProtect writeProtect,
      HugeFaults hugeFaults) {
    this.meter = kernel.meter;
    this.kernel = kernel;
    this.frames = frames;
    this.anonRmap = anonRmap;
    this.rmap = rmap;
    this.writeProtect = writeProtect;
    this.hugeFaults = hugeFaults;
    this.dirtyShared = new DirtyShared(kernel, frames);
    this.sanitizes = kernel.has(FAULT_FLAGS_SANITIZED);
    this.perVmaLock = kernel.has(PER_VMA_LOCK);
    this.readMapsDirty = kernel.has(READ_FAULT_MAPS_DIRTY);
    this.looksFirst = kernel.has(FAULT_AROUND_LOOKS_FIRST);
    this.savedDirty = kernel.has(Arch.X86_SAVED_DIRTY);
  }

  /** Whether user faults try the VMA's own lock first. */
  public boolean triesVmaLock() {
    return perVmaLock;
  }

  /**
   * Handles one fault.
   *
   * @param address any byte of the page; must lie inside the VMA
   * @param flags FAULT_FLAG_* bits of {@link VmFault}
   * @return VM_FAULT_* bits of {@link VmFault}
   */
  public int handleMmFault(Vma vma, long address, int flags) {
    meter.count(HANDLE_MM_FAULT);
    if (meter.tracing) {
      meter.enter("handle_mm_fault", address, flags);
    }
    int result = handle(vma, address, flags);
    if (meter.tracing) {
      meter.exit("handle_mm_fault", result);
    }
    return result;
  }

  private int handle(Vma vma, long address, int requested) {
    int flags = requested;
    if (sanitizes) {
      if ((flags & VmFault.FLAG_UNSHARE) != 0) {
        if (!vma.isCowMapping()) {
          flags &= ~VmFault.FLAG_UNSHARE;
        }
      } else if ((flags & VmFault.FLAG_WRITE) != 0 && !mayWrite(vma)) {
        return VmFault.SIGSEGV;
      }
    }
    VmOps ops = vma.ops;
    long page = address & ~0xfffL;
    PageTable table = vma.mm.pageTable;
    PageTable.Table leaf = table.leaf(page);
    if (leaf == null) {
      int level = table.levelAt(page);
      if (level > 1 && !HugeAnon.isIn(vma, level)) {
        return hugeEntry(vma, page, flags, table, level);
      }
      int result = VmFault.FALLBACK;
      if (level > 1) {
        result = hugeFaults.present(vma, page, flags);
        leaf = table.leaf(page);
      } else if (ops == null) {
        result = hugeFaults.missing(vma, page, flags);
      } else if (ops.hasHugeFault() && hugeFaults.mayAskDriver(vma)) {
        result = tryHuge(vma, ops, page, flags);
      }
      if ((result & VmFault.FALLBACK) == 0) {
        return result;
      }
    }
    long pte = leaf == null ? 0 : leaf.entries[PageTable.index(page)];
    if (Pte.none(pte)) {
      return vma.isAnonymous() ? anonymous(vma, page, flags) : fileFault(vma, page, flags);
    }
    if (!Pte.present(pte)) {
      // Guard markers are the only non-present entries of this model.
      return VmFault.SIGSEGV;
    }
    boolean writes = (flags & (VmFault.FLAG_WRITE | VmFault.FLAG_UNSHARE)) != 0;
    if (writes && !Pte.write(pte)) {
      return writeProtect.doWpPage(fault(vma, page, flags), pte);
    }
    long young = Pte.mkYoung(pte);
    table.set(page, (flags & VmFault.FLAG_WRITE) != 0 ? Pte.mkDirty(young) : young);
    return 0;
  }

  private boolean mayWrite(Vma vma) {
    boolean ok = vma.has(VmFlags.VM_MAYWRITE) && (vma.has(VmFlags.VM_WRITE) || vma.isCowMapping());
    if (!ok) {
      kernel
          .log()
          .warn("sanitize_fault_flags", "write fault on " + vma + " that cannot be written");
    }
    return ok;
  }

  private static int hugeEntry(Vma vma, long page, int flags, PageTable table, int level) {
    long pte = table.get(page);
    boolean write = (flags & VmFault.FLAG_WRITE) != 0;
    if (write && !Pte.write(pte)) {
      if (!vma.hasAny(VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE)) {
        return VmFault.FALLBACK;
      }
      pte = Pte.mkWrite(pte, false);
    }
    long young = Pte.mkYoung(pte);
    table.setHuge(page, level, write ? Pte.mkDirty(young) : young);
    return 0;
  }

  private int tryHuge(Vma vma, VmOps ops, long page, int flags) {
    for (int level = 3; level >= 2; level--) {
      int result = ops.hugeFault(fault(vma, page, flags), level);
      if ((result & VmFault.FALLBACK) == 0) {
        return result;
      }
    }
    return VmFault.FALLBACK;
  }

  private VmFault fault(Vma vma, long page, int flags) {
    return shared.begin(vma, page, flags);
  }

  private int anonymous(Vma vma, long address, int flags) {
    meter.count(ANONYMOUS);
    if (vma.has(VmFlags.VM_SHARED)) {
      return VmFault.SIGBUS;
    }
    Mm mm = vma.mm;
    if ((flags & VmFault.FLAG_WRITE) == 0) {
      mm.pageTable.set(address, Pte.mkSpecial(Pte.of(frames.zeroPfn(), vma.pageProt)));
      return 0;
    }
    anonRmap.prepare(vma);
    long pfn = frames.alloc();
    if (pfn < 0) {
      return VmFault.OOM;
    }
    frames.zero(pfn);
    rmap.addNewAnon(vma, pfn, address);
    long pte = Pte.of(pfn, vma.pageProt);
    if (vma.has(VmFlags.VM_WRITE)) {
      pte = Pte.mkWrite(Pte.mkDirty(pte, savedDirty), savedDirty);
    }
    mm.pageTable.set(address, pte);
    return 0;
  }

  private int fileFault(Vma vma, long address, int flags) {
    VmOps ops = vma.ops;
    if (ops == null || !ops.hasFault()) {
      return VmFault.SIGBUS;
    }
    if ((flags & VmFault.FLAG_VMA_LOCK) != 0 && !ops.hasMapPages()) {
      countKind(vma, flags);
      return VmFault.RETRY;
    }
    countKind(vma, flags);
    if ((flags & VmFault.FLAG_WRITE) == 0) {
      return readFault(vma, ops, address, flags);
    }
    return vma.has(VmFlags.VM_SHARED)
        ? sharedFault(vma, ops, address, flags)
        : cowFault(vma, ops, address, flags);
  }

  private void countKind(Vma vma, int flags) {
    if ((flags & VmFault.FLAG_WRITE) == 0) {
      meter.count(READ);
    } else {
      meter.count(vma.has(VmFlags.VM_SHARED) ? SHARED : COW);
    }
  }

  private int readFault(Vma vma, VmOps ops, long address, int flags) {
    if (ops.hasMapPages()) {
      int result = faultAround(vma, ops, address, flags);
      if (result != 0) {
        return result;
      }
    }
    VmFault fault = fault(vma, address, flags);
    int result = callFault(ops, fault);
    if (fault.page < 0) {
      return result;
    }
    return finish(vma, address, fault.page, false, false);
  }

  /**
   * do_fault_around: maps what is cached in 16 pages from the aligned block's start, or from the
   * VMA's start if that comes later, up to the end of the VMA and of the page table. Also for
   * ->fault of a file that had to wait for its pages, since a fault that comes again begins here.
   *
   * @return {@link VmFault#NOPAGE} if the page is mapped now, else 0
   */
  public int faultAround(Vma vma, VmOps ops, long address, int flags) {
    meter.count(AROUND_FAULT);
    long from = Math.max(address & -(AROUND << 12L), vma.start);
    long tableEnd = (address | 0x1f_ffff) + 1;
    long to = Math.min(Math.min(from + (AROUND << 12), tableEnd), vma.end);
    ops.mapPages(fault(vma, address, flags), vma.pgoffOf(from), vma.pgoffOf(to - 4096));
    return Pte.present(vma.mm.pageTable.get(address)) ? VmFault.NOPAGE : 0;
  }

  private int sharedFault(Vma vma, VmOps ops, long address, int flags) {
    VmFault fault = fault(vma, address, flags);
    int result = callFault(ops, fault);
    long pfn = fault.page;
    if (pfn < 0) {
      return result;
    }
    if (ops.hasPageMkwrite()) {
      int mkwrite = ops.pageMkwrite(fault);
      if ((mkwrite & (VmFault.ERROR | VmFault.NOPAGE)) != 0) {
        frames.put(pfn);
        return mkwrite;
      }
    }
    result = finish(vma, address, pfn, true, false);
    if ((result & VmFault.ERROR) == 0) {
      result |= dirtyShared.mark(fault, pfn, ops.hasPageMkwrite());
    }
    return result;
  }

  /** The copy is allocated before ->fault is asked, as in do_cow_fault. */
  private int cowFault(Vma vma, VmOps ops, long address, int flags) {
    anonRmap.prepare(vma);
    long copy = frames.alloc();
    if (copy < 0) {
      return VmFault.OOM;
    }
    VmFault fault = fault(vma, address, flags);
    int result = callFault(ops, fault);
    long pfn = fault.page;
    if (pfn < 0) {
      frames.put(copy);
      return result;
    }
    frames.copy(pfn, copy);
    result = finish(vma, address, copy, true, true);
    frames.put(pfn);
    return result;
  }

  private int callFault(VmOps ops, VmFault fault) {
    meter.count(OP_FAULT);
    if (meter.tracing) {
      meter.enter("vm_ops->fault", fault.address, fault.pgoff);
    }
    int result = ops.fault(fault);
    if (meter.tracing) {
      meter.exit("vm_ops->fault", result);
    }
    return result;
  }

  /** finish_fault: maps the page whose reference we hold, unless somebody was faster. */
  private int finish(Vma vma, long address, long pfn, boolean write, boolean copy) {
    meter.count(FINISH);
    PageTable table = vma.mm.pageTable;
    if (!Pte.none(table.get(address))) {
      frames.put(pfn);
      return VmFault.NOPAGE;
    }
    table.set(address, mapPage(vma, address, pfn, write, copy));
    return 0;
  }

  private long mapPage(Vma vma, long address, long pfn, boolean write, boolean copy) {
    meter.count(SET_PTE);
    long pte = Pte.of(pfn, vma.pageProt);
    if (write) {
      pte = Pte.mkDirty(pte, savedDirty);
      if (vma.has(VmFlags.VM_WRITE)) {
        pte = Pte.mkWrite(pte, savedDirty);
      }
    } else if (readMapsDirty && Pte.write(pte) && frames.has(pfn, Frames.DIRTY)) {
      pte = Pte.mkDirty(pte, savedDirty);
    }
    if (copy) {
      rmap.addNewAnon(vma, pfn, address);
    } else {
      rmap.addFile(vma, pfn);
    }
    return pte;
  }

  /**
   * set_pte_range for one cached page, taking a reference: what map_pages of page-cache objects
   * calls for every page of the block that is not mapped yet.
   */
  public void mapCached(Vma vma, long address, long pfn) {
    if (Pte.none(vma.mm.pageTable.get(address))) {
      frames.get(pfn);
      vma.mm.pageTable.set(address, mapPage(vma, address, pfn, false, false));
    } else if (!looksFirst) {
      meter.count(SET_PTE);
    }
  }
}
