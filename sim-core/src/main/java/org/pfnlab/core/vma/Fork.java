package org.pfnlab.core.vma;

import org.pfnlab.core.fault.WriteProtect;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pagetable.PteCursor;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.pfnmap.PfnmapTracking;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.AnonRmap;
import org.pfnlab.core.rmap.HugeAnon;
import org.pfnlab.core.rmap.PageRmap;

/** dup_mmap and copy_page_range: what a child inherits of an address space. */
public final class Fork {
  /** copy_page_range calls. */
  public static final Event COPY_PAGE_RANGE =
      Event.define("fork.copy_page_range", "copy_page_range");

  /** copy_pte_range, once a table of small entries. */
  public static final Event COPY_TABLE = Event.define("fork.copy_table", "copy_pte_range");

  /** Entries copied. */
  public static final Event COPY_PTE = Event.define("fork.copy_pte", "entries copied by fork");

  /** Pages copied at fork because the parent may have pinned them. */
  public static final Event COPY_PINNED =
      Event.define("fork.copy_pinned", "copy_present_page: pinned pages copied early");

  /** vm_ops->open runs before the page tables are copied. */
  public static final Feature FORK_OPENS_FIRST =
      Feature.define(
          "FORK_OPENS_FIRST",
          "35e351780fa9, v6.9: dup_mmap calls open before linking; in 6.1.y stable",
          Releases.since("v6.9").backportedTo("v6.1.90"));

  /** Special PMDs are copied, not left to be faulted in again. */
  public static final Feature FORK_COPIES_SPECIAL_PMD =
      Feature.define(
          "FORK_COPIES_SPECIAL_PMD",
          "v6.12: copy_huge_pmd of special PMDs",
          Releases.since("v6.12"));

  private final Meter meter;
  private final Frames frames;
  private final NormalPage normalPage;
  private final PfnmapTracking tracking;
  private final AnonRmap anonRmap;
  private final PageRmap rmap;
  private final HugeAnon huge;
  private final Munmap munmap;
  private final boolean opensFirst;
  private final boolean exclusive;
  private final boolean savedDirty;
  private final boolean copiesSpecialPmd;
  private final PteCursor cursor = new PteCursor();

  /** Forks by the rules of this kernel. */
  public Fork(
      Kernel kernel,
      Frames frames,
      NormalPage normalPage,
      PfnmapTracking tracking,
      AnonRmap anonRmap,
      PageRmap rmap,
      HugeAnon huge,
      Munmap munmap) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.normalPage = normalPage;
    this.tracking = tracking;
    this.anonRmap = anonRmap;
    this.rmap = rmap;
    this.huge = huge;
    this.munmap = munmap;
    this.opensFirst = kernel.has(FORK_OPENS_FIRST);
    this.exclusive = kernel.has(WriteProtect.PAGE_ANON_EXCLUSIVE);
    this.savedDirty = kernel.has(Arch.X86_SAVED_DIRTY);
    this.copiesSpecialPmd = kernel.has(FORK_COPIES_SPECIAL_PMD);
  }

  /**
   * Copies the parent's address space into an empty one.
   *
   * @return 0, or -ENOMEM whatever went wrong inside, as fork(2) shows it; the child is empty then
   */
  public long dupMmap(Mm child, Mm parent) {
    parent.writeLock();
    child.thpDisabled = parent.thpDisabled;
    child.mmapBase = parent.mmapBase;
    child.startBrk = parent.startBrk;
    child.brk = parent.brk;
    child.startStack = parent.startStack;
    child.mapsLow = parent.mapsLow;
    child.untouched = parent.untouched;
    long failed = 0;
    for (int i = 0; i < parent.vmas.size() && failed == 0; i++) {
      Vma vma = parent.vmas.get(i);
      if (!vma.has(VmFlags.VM_DONTCOPY)) {
        failed = duplicate(child, vma);
      }
    }
    parent.writeUnlock();
    if (failed != 0) {
      munmap.exit(child);
      return -Errno.ENOMEM;
    }
    return 0;
  }

  private long duplicate(Mm child, Vma vma) {
    Vma copy = vma.duplicate(child);
    tracking.dup(copy);
    copy.flags &= ~VmFlags.VM_LOCKED_MASK;
    if (copy.has(VmFlags.VM_WIPEONFORK)) {
      copy.anonVma = null;
    } else {
      anonRmap.fork(copy, vma);
    }
    if (copy.file != null) {
      copy.file.get();
    }
    if (opensFirst && copy.ops != null) {
      copy.ops.open(copy);
    }
    child.vmas.insert(copy);
    VmaLinks.linkFile(copy);
    child.totalVm += copy.pages();
    long failed = copy.has(VmFlags.VM_WIPEONFORK) ? 0 : copyPageRange(copy, vma);
    if (!opensFirst && copy.ops != null) {
      copy.ops.open(copy);
    }
    return failed;
  }

  /** vma_needs_copy: what a fault can rebuild is left to faults. */
  private static boolean needsCopy(Vma parent) {
    return parent.hasAny(VmFlags.VM_PFNMAP | VmFlags.VM_MIXEDMAP | VmFlags.VM_MAYBE_GUARD)
        || parent.anonVma != null;
  }

  private long copyPageRange(Vma child, Vma parent) {
    meter.count(COPY_PAGE_RANGE);
    if (!needsCopy(parent)) {
      return 0;
    }
    if (parent.has(VmFlags.VM_PFNMAP)) {
      long failed = tracking.trackCopy(child, parent);
      if (failed != 0) {
        return failed;
      }
    }
    long copied = 0;
    cursor.reset(parent.mm.pageTable, parent.start, parent.end);
    while (cursor.nextPresentTable()) {
      if (cursor.level() == 1) {
        copied += copyTable(child, parent);
      } else if (cursor.next()) {
        copied += copyLeaf(child, parent) ? 1 : 0;
      }
    }
    meter.count(COPY_TABLE, cursor.tables());
    meter.count(COPY_PTE, copied);
    return 0;
  }

  /** A leaf of 2M or 1G: true if it was copied as one. */
  private boolean copyLeaf(Vma child, Vma parent) {
    long leaf = cursor.value();
    if (HugeAnon.isIn(parent, cursor.level())) {
      return copyHuge(child, parent, leaf);
    }
    if (copiesSpecialPmd && Pte.special(leaf) && parent.has(VmFlags.VM_PFNMAP)) {
      child.mm.pageTable.setHuge(cursor.addr(), cursor.level(), Pte.mkOld(leaf));
    }
    return false;
  }

  /**
   * copy_huge_pmd: shares the leaf read-only.
   *
   * @return false if a pinned page forbids that: the leaf is split, and the walk goes on with its
   *     entries
   */
  private boolean copyHuge(Vma child, Vma parent, long leaf) {
    long address = cursor.addr();
    long first = huge.first(leaf);
    for (long pfn = first; first >= 0 && pfn < first + HugeAnon.PAGES; pfn++) {
      if (copiesEarly(parent, pfn, true)) {
        huge.split(parent, address);
        cursor.reset(parent.mm.pageTable, address, parent.end);
        return false;
      }
    }
    for (long pfn = first; first >= 0 && pfn < first + HugeAnon.PAGES; pfn++) {
      frames.get(pfn);
      rmap.duplicate(child, pfn);
      frames.clear(pfn, Frames.ANON_EXCLUSIVE);
    }
    long shared = Pte.write(leaf) ? Pte.wrProtect(leaf, savedDirty) : leaf;
    cursor.set(shared);
    child.mm.pageTable.setHuge(address, HugeAnon.LEVEL, Pte.mkOld(shared));
    return true;
  }

  /**
   * copy_pte_range: the entries of one table. What the meter hears is added up once at its end.
   *
   * @return how many entries there were
   */
  private int copyTable(Vma child, Vma parent) {
    long[] from = cursor.entries();
    int first = from.length;
    for (int i = cursor.from(); i < cursor.to() && first == from.length; i++) {
      first = from[i] != 0 ? i : first;
    }
    if (first == from.length) {
      return 0;
    }
    boolean cow = parent.isCowMapping();
    boolean shared = parent.has(VmFlags.VM_SHARED);
    boolean pinned = parent.mm.hasPinned;
    long base = cursor.base() - ((long) cursor.from() << 12);
    long[] to = child.mm.pageTable.leafAlloc(base + ((long) first << 12)).entries;
    int copied = 0;
    int written = 0;
    int gets = 0;
    for (int i = first; i < cursor.to(); i++) {
      long pte = from[i];
      if (pte == 0) {
        continue;
      }
      copied++;
      if (!Pte.present(pte)) {
        to[i] = pte;
        written++;
        continue;
      }
      long pfn = normalPage.of(parent, base + ((long) i << 12), pte);
      if (pfn >= 0) {
        if (pinned && copiesEarly(parent, pfn, cow)) {
          copyPinned(child, base + ((long) i << 12), pfn);
          continue;
        }
        rmap.count(child.mm, frames.shareMapped(pfn), 1);
        gets++;
      }
      if (cow && Pte.write(pte)) {
        pte = Pte.wrProtect(pte, savedDirty);
        from[i] = pte;
        written++;
      }
      to[i] = Pte.mkOld(shared ? Pte.mkClean(pte) : pte);
      written++;
    }
    meter.count(PageTable.PTE_SET, written);
    meter.count(Frames.PAGE_GET, gets);
    return copied;
  }

  /** Whether the page may be pinned for DMA, so that the child must not share it. */
  private boolean copiesEarly(Vma parent, long pfn, boolean cow) {
    if (!parent.mm.hasPinned || !frames.maybePinned(pfn)) {
      return false;
    }
    return exclusive ? frames.has(pfn, Frames.ANON_EXCLUSIVE) : cow;
  }

  private void copyPinned(Vma child, long address, long pfn) {
    long copy = frames.alloc();
    if (copy < 0) {
      throw new IllegalStateException("the machine has no memory left to fork; give it more RAM");
    }
    meter.count(COPY_PINNED);
    frames.copy(pfn, copy);
    anonRmap.prepare(child);
    rmap.addNewAnon(child, copy, address);
    long pte = Pte.mkDirty(Pte.of(copy, child.pageProt), savedDirty);
    child.mm.pageTable.set(
        address, child.has(VmFlags.VM_WRITE) ? Pte.mkWrite(pte, savedDirty) : pte);
  }
}
