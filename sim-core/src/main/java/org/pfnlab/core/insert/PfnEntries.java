package org.pfnlab.core.insert;

import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;

/** insert_pfn and its PMD and PUD versions: one special entry for a raw page frame. */
final class PfnEntries {
  private final Kernel kernel;
  private final Meter meter;
  private final long zeroPfn;
  private final boolean savedDirty;

  /** The special bit, or 0 where the architecture or its huge leaves have none. */
  final long special;

  final long hugeSpecial;

  PfnEntries(Kernel kernel, Frames frames) {
    this.kernel = kernel;
    this.meter = kernel.meter;
    this.zeroPfn = frames.zeroPfn();
    this.savedDirty = kernel.has(Arch.X86_SAVED_DIRTY);
    this.special = kernel.has(Arch.ARCH_HAS_PTE_SPECIAL) ? Pte.SPECIAL : 0;
    this.hugeSpecial = kernel.has(Arch.ARCH_SUPPORTS_HUGE_PFNMAP) ? special : 0;
  }

  /**
   * insert_pfn. An entry that is there already stays; with mkwrite it becomes writable if it names
   * the same frame.
   */
  void insert(Vma vma, long address, long pfn, long prot, boolean mkwrite) {
    meter.count(InsertEvents.INSERT_PFN);
    PageTable pageTable = vma.mm.pageTable;
    PageTable.Table leaf = pageTable.leafAlloc(address);
    int i = PageTable.index(address);
    pageTable.lock();
    long old = leaf.entries[i];
    long entry;
    if (Pte.none(old)) {
      entry = Pte.of(pfn, prot) | special;
    } else if (mkwrite && Pte.pfn(old) == pfn) {
      entry = old;
    } else {
      if (mkwrite && Pte.pfn(old) != zeroPfn) {
        kernel.log().warnOnce("insert_pfn", "another frame is mapped there");
      }
      pageTable.unlock();
      return;
    }
    leaf.entries[i] = mkwrite ? written(vma, entry) : entry;
    meter.count(PageTable.PTE_SET);
    meter.count(InsertEvents.PTE);
    pageTable.unlock();
  }

  /** insert_pfn_pmd (level 2), insert_pfn_pud (level 3); the same rules for one leaf. */
  void insertHuge(Vma vma, long address, long pfn, long prot, int level, boolean write) {
    PageTable pageTable = vma.mm.pageTable;
    PageTable.Table table = pageTable.tableAlloc(address, level);
    int i = PageTable.index(address, level);
    pageTable.lock();
    long old = table.entries[i];
    long entry = 0;
    if (Pte.none(old)) {
      entry = Pte.ofHuge(pfn, prot, level) | hugeSpecial;
    } else if (write && pageTable.levelAt(address) == level && Pte.pfn(old, level) == pfn) {
      entry = old;
    }
    if (entry != 0) {
      pageTable.setHuge(address, level, write ? written(vma, entry) : entry);
      meter.count(InsertEvents.PTE);
    }
    pageTable.unlock();
  }

  /** Young and dirty, and writable if the VMA is (maybe_mkwrite). */
  long written(Vma vma, long entry) {
    long dirty = Pte.mkDirty(Pte.mkYoung(entry), savedDirty);
    return vma.has(VmFlags.VM_WRITE) ? Pte.mkWrite(dirty, savedDirty) : dirty;
  }
}
