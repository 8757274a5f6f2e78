package org.pfnlab.core.machine;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import java.util.Collections;
import org.pfnlab.core.fault.WriteProtect;
import org.pfnlab.core.mm.AnonVma;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pagetable.PteCursor;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.HugeAnon;
import org.pfnlab.core.task.Process;

/**
 * Recounts a machine from scratch and complains about the first thing that does not add up: page
 * references against entries and other holders, mapcounts, rss, the order of VMAs, both directions
 * of the reverse map, memtypes, free frames. Tests run it after every step.
 */
public final class Invariants {
  private final Machine machine;
  private final Frames frames;
  private final Long2IntMap references = new Long2IntOpenHashMap();
  private final Long2IntMap mappings = new Long2IntOpenHashMap();
  private final PteCursor cursor = new PteCursor();
  private long anon;
  private long file;
  private long shmem;

  private Invariants(Machine machine) {
    this.machine = machine;
    this.frames = machine.frames();
  }

  /**
   * Checks everything.
   *
   * @throws IllegalStateException naming the first invariant that is broken
   */
  public static void check(Machine machine) {
    new Invariants(machine).run();
  }

  private void run() {
    for (Process process : machine.processes()) {
      if (!process.hasExited()) {
        checkAddressSpace(process);
      }
    }
    for (FrameHolder holder : machine.frameHolders()) {
      holder.addReferences(references);
    }
    long counted = 0;
    for (Long2IntMap.Entry entry : references.long2IntEntrySet()) {
      long pfn = entry.getLongKey();
      // The zero page and its like are nobody's: one reference is theirs for ever.
      int own = frames.has(pfn, Frames.RESERVED) ? 1 : 0;
      counted += 1 - own;
      if (frames.refcount(pfn) != entry.getIntValue() + own) {
        throw broken(
            "page %x has %d references, but %d are held"
                .formatted(pfn, frames.refcount(pfn), entry.getIntValue() + own));
      }
      if (frames.mapcount(pfn) != mappings.get(pfn)) {
        throw broken(
            "page %x has mapcount %d, but %d entries map it"
                .formatted(pfn, frames.mapcount(pfn), mappings.get(pfn)));
      }
    }
    long allocated = frames.buddy().managedPages() - frames.buddy().freePages();
    require(
        counted == allocated,
        allocated + " pages are allocated, but somebody knows only of " + counted);
    frames.checkInvariants();
    machine.memtypes().checkInvariants();
    machine.iomem().checkInvariants();
  }

  private void checkAddressSpace(Process process) {
    Mm mm = process.mm;
    require(!mm.isLocked(), process + ": mmap_lock is still held");
    mm.vmas.checkInvariants();
    anon = 0;
    file = 0;
    shmem = 0;
    long total = 0;
    long locked = 0;
    long behind = 0;
    for (int i = 0; i < mm.vmas.size(); i++) {
      Vma vma = mm.vmas.get(i);
      require(vma.mm == mm, vma + " belongs to another address space");
      require(vma.start < vma.end && vma.start >= behind, vma + " is empty or out of order");
      require(((vma.start | vma.end) & 0xfff) == 0, vma + " is not page-aligned");
      requireNoEntries(mm, behind, vma.start);
      behind = vma.end;
      total += vma.pages();
      locked += vma.has(VmFlags.VM_LOCKED) ? vma.pages() : 0;
      checkVma(vma);
    }
    requireNoEntries(mm, behind, Mm.TASK_SIZE);
    require(mm.totalVm == total, process + ": total_vm is " + mm.totalVm + ", not " + total);
    require(mm.lockedVm == locked, process + ": locked_vm is " + mm.lockedVm + ", not " + locked);
    require(mm.anonRss == anon, process + ": anon rss is " + mm.anonRss + ", not " + anon);
    require(mm.fileRss == file, process + ": file rss is " + mm.fileRss + ", not " + file);
    require(mm.shmemRss == shmem, process + ": shmem rss is " + mm.shmemRss + ", not " + shmem);
  }

  private void requireNoEntries(Mm mm, long from, long to) {
    cursor.reset(mm.pageTable, from, to);
    require(!cursor.next(), "an entry is left between VMAs, above " + Long.toHexString(from));
  }

  private void checkVma(Vma vma) {
    require(
        !vma.has(VmFlags.VM_LOCKED) || !vma.hasAny(VmFlags.VM_SPECIAL),
        vma + " is locked though special");
    require(
        (vma.anonVma == null) == vma.anonVmaChain.isEmpty(), vma + " has a chain without anon_vma");
    for (AnonVma anonVma : vma.anonVmaChain) {
      require(anonVma.vmas.contains(vma), vma + " is not known to its anon_vma");
    }
    OpenFile opened = vma.file;
    if (opened != null) {
      require(opened.references() > 0, vma + " maps a closed file");
      require(
          Collections.frequency(opened.mapping.mappers, vma) == 1,
          vma + " is not listed once in its file's i_mmap");
      for (Vma mapper : opened.mapping.mappers) {
        require(
            mapper.mm.vmas.lookup(mapper.start) == mapper,
            "i_mmap lists " + mapper + ", which exists no more");
      }
    }
    cursor.reset(vma.mm.pageTable, vma.start, vma.end);
    while (cursor.next()) {
      if (cursor.level() == 1 && Pte.present(cursor.value())) {
        checkEntry(vma, cursor.addr(), cursor.value());
      } else if (HugeAnon.isIn(vma, cursor.level())) {
        checkHuge(vma, cursor.addr(), cursor.value());
      }
    }
  }

  private void checkEntry(Vma vma, long address, long pte) {
    long pfn = machine.normalPage().of(vma, address, pte);
    if (pfn >= 0) {
      checkPage(vma, pfn, pte);
    }
  }

  private void checkHuge(Vma vma, long address, long leaf) {
    if (address < vma.start || address + PageTable.PMD_SIZE > vma.end) {
      throw broken("the huge page at %x reaches beyond %s".formatted(address, vma));
    }
    long first = machine.normalPage().ofHuge(vma, address, leaf, HugeAnon.LEVEL);
    for (long pfn = first; first >= 0 && pfn < first + HugeAnon.PAGES; pfn++) {
      checkPage(vma, pfn, leaf);
    }
  }

  private void checkPage(Vma vma, long pfn, long pte) {
    references.mergeInt(pfn, 1, Integer::sum);
    mappings.mergeInt(pfn, 1, Integer::sum);
    if (!frames.has(pfn, Frames.ANON)) {
      file += frames.has(pfn, Frames.SWAPBACKED) ? 0 : 1;
      shmem += frames.has(pfn, Frames.SWAPBACKED) ? 1 : 0;
      return;
    }
    anon++;
    if (!(frames.mapping(pfn) instanceof AnonVma owner && owner.vmas.contains(vma))) {
      throw broken("the anon_vma of page %x does not know %s".formatted(pfn, vma));
    }
    if (machine.kernel().has(WriteProtect.PAGE_ANON_EXCLUSIVE)) {
      if (Pte.write(pte) && !frames.has(pfn, Frames.ANON_EXCLUSIVE)) {
        throw broken("page %x is writable in %s though not exclusive".formatted(pfn, vma));
      }
      if (frames.has(pfn, Frames.ANON_EXCLUSIVE) && frames.mapcount(pfn) != 1) {
        throw broken(
            "page %x is exclusive though mapped %d times".formatted(pfn, frames.mapcount(pfn)));
      }
    }
  }

  private static void require(boolean holds, String broken) {
    if (!holds) {
      throw broken(broken);
    }
  }

  /**
   * For conditions that are asked of pages by the thousand: no message is made for those that hold.
   */
  private static IllegalStateException broken(String what) {
    return new IllegalStateException(what);
  }
}
