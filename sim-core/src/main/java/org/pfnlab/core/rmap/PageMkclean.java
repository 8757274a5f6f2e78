package org.pfnlab.core.rmap;

import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;

/**
 * folio_mkclean (mm/rmap.c): before a page is written back, whoever maps it shared loses the right
 * to store until page_mkwrite was asked again.
 */
public final class PageMkclean {
  private final Frames frames;
  private final boolean savedDirty;

  /** Works on these frames. */
  public PageMkclean(Kernel kernel, Frames frames) {
    this.frames = frames;
    this.savedDirty = kernel.has(Arch.X86_SAVED_DIRTY);
  }

  /** The cached page at this index of the object is clean, and its shared mappings too. */
  public void clean(AddressSpace mapping, long index) {
    long pfn = mapping.page(index);
    frames.clear(pfn, Frames.DIRTY);
    for (int i = 0; i < mapping.mappers.size(); i++) {
      Vma vma = mapping.mappers.get(i);
      long offset = index - vma.pgoff;
      if (!vma.has(VmFlags.VM_SHARED) || offset < 0 || offset >= vma.pages()) {
        continue;
      }
      PageTable table = vma.mm.pageTable;
      long address = vma.start + (offset << 12);
      PageTable.Table leaf = table.leaf(address);
      long pte = leaf == null ? 0 : leaf.entries[PageTable.index(address)];
      if (Pte.present(pte) && Pte.pfn(pte) == pfn && (Pte.dirty(pte) || Pte.write(pte))) {
        table.set(address, Pte.wrProtect(Pte.mkClean(pte), savedDirty));
      }
    }
  }
}
