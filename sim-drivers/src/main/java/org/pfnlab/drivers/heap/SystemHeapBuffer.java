package org.pfnlab.drivers.heap;

import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.SgTable;
import org.pfnlab.drivers.fill.Inserter;

/** system_heap_buffer and its dma_buf_ops. */
final class SystemHeapBuffer extends HeapBuffer {
  private final SystemHeap heap;
  private final SgTable blocks;

  SystemHeapBuffer(SystemHeap heap, SgTable blocks) {
    this.heap = heap;
    this.blocks = blocks;
  }

  SgTable blocks() {
    return blocks;
  }

  @Override
  public long mmap(DmaBuf buffer, Vma vma) {
    if (heap.mapsCountedPages()) {
      // A DRM driver that redirects its own mapping here has set it already, and that would be a
      // BUG.
      vma.flags &= ~VmFlags.VM_PFNMAP;
    }
    SgTable.Pages page = blocks.from(vma.pgoff);
    for (long address = vma.start; address < vma.end && page.hasNext(); ) {
      long left = (vma.end - address) >>> 12;
      long pages = heap.remapsBlocks() ? Math.min(page.left(), left) : 1;
      long failed = map(vma, address, page.pfn(), pages);
      if (failed != 0) {
        return failed;
      }
      page.skip(pages);
      address += pages << 12;
    }
    return 0;
  }

  private long map(Vma vma, long address, long pfn, long pages) {
    Inserter inserter = heap.mapsCountedPages() ? Inserter.INSERT_PAGE : Inserter.REMAP_PFN_RANGE;
    return inserter.range(heap.machine(), vma, address, pfn, pages, vma.pageProt);
  }

  @Override
  SgTable table() {
    return blocks.copy();
  }

  @Override
  public void release(DmaBuf buffer) {
    heap.release(this);
  }
}
