package org.pfnlab.core.rmap;

import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.AnonVma;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.LruBatches;

/**
 * Mapcounts and rss: what folio_add_new_anon_rmap, page_add_file_rmap, page_remove_rmap and their
 * successors keep. Page references are the caller's business.
 */
public final class PageRmap {
  /** A file, shmem or driver page got a mapping. */
  public static final Event ADD_FILE = Event.define("rmap.add_file", "page_add_file_rmap");

  /** A new anonymous page got its first mapping. */
  public static final Event ADD_NEW_ANON =
      Event.define("rmap.add_new_anon", "page_add_new_anon_rmap");

  /** A page lost a mapping. */
  public static final Event REMOVE = Event.define("rmap.remove", "page_remove_rmap");

  private final Meter meter;
  private final Frames frames;
  private final LruBatches lru;

  /** Works on these frames. */
  public PageRmap(Kernel kernel, Frames frames) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.lru = frames.lru();
  }

  /** A page of a file, of shmem or of a driver is mapped once more. */
  public void addFile(Vma vma, long pfn) {
    meter.count(ADD_FILE);
    frames.addMap(pfn);
    count(vma.mm, pfn, 1);
    if (isLocked(vma)) {
      lru.mlock(pfn);
    }
  }

  /**
   * A new page becomes anonymous memory of this VMA, exclusive to it, and is on its way to the LRU
   * lists (folio_add_new_anon_rmap, folio_add_lru_vma).
   */
  public void addNewAnon(Vma vma, long pfn, long address) {
    addPartOfHugeAnon(vma, pfn, address);
    if (isLocked(vma)) {
      lru.addMlocked(pfn);
    } else {
      lru.add(pfn);
    }
  }

  /** mlock_vma_folio's test: special VMAs never hold locked pages. */
  private static boolean isLocked(Vma vma) {
    return (vma.flags & (VmFlags.VM_LOCKED | VmFlags.VM_SPECIAL)) == VmFlags.VM_LOCKED;
  }

  /** One page of a new huge one, which goes to its LRU list as a whole. */
  public void addPartOfHugeAnon(Vma vma, long pfn, long address) {
    AnonVma anonVma = vma.anonVma;
    if (anonVma == null) {
      throw new IllegalStateException("anon_vma_prepare must come before a new anonymous page");
    }
    meter.count(ADD_NEW_ANON);
    frames.set(pfn, Frames.ANON | Frames.ANON_EXCLUSIVE | Frames.SWAPBACKED);
    frames.setMapping(pfn, anonVma, vma.pgoffOf(address));
    frames.addMap(pfn);
    vma.mm.anonRss++;
  }

  /** An anonymous or file page of the parent is mapped by the child too. */
  public void duplicate(Vma child, long pfn) {
    frames.addMap(pfn);
    count(child.mm, pfn, 1);
  }

  /** A mapping of a page goes away. */
  public void remove(Vma vma, long pfn) {
    meter.count(REMOVE);
    frames.removeMap(pfn);
    count(vma.mm, pfn, -1);
    if (vma.has(VmFlags.VM_LOCKED)) {
      lru.munlock(pfn);
    }
  }

  private void count(Mm mm, long pfn, int n) {
    count(mm, frames.flags(pfn), n);
  }

  /** The rss of a mapped page, by its flags. */
  public void count(Mm mm, int flags, int n) {
    if ((flags & Frames.ANON) != 0) {
      mm.anonRss += n;
    } else if ((flags & Frames.SWAPBACKED) != 0) {
      mm.shmemRss += n;
    } else {
      mm.fileRss += n;
    }
  }
}
