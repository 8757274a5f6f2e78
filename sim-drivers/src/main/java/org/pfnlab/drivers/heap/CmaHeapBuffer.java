package org.pfnlab.drivers.heap;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.PageArray;
import org.pfnlab.drivers.dmabuf.SgTable;
import org.pfnlab.drivers.fill.Inserter;

/** cma_heap_buffer and its dma_buf_ops. */
final class CmaHeapBuffer extends HeapBuffer {
  private static final long RAW_FRAMES =
      VmFlags.VM_IO | VmFlags.VM_PFNMAP | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;

  private final CmaHeap heap;
  private final long pfn;
  private final long pages;
  private final VmOps vmOps = new BufferVmOps();

  CmaHeapBuffer(CmaHeap heap, long pfn, long pages) {
    this.heap = heap;
    this.pfn = pfn;
    this.pages = pages;
  }

  long pfn() {
    return pfn;
  }

  long pages() {
    return pages;
  }

  @Override
  public long mmap(DmaBuf buffer, Vma vma) {
    if (!vma.hasAny(VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE)) {
      return -Errno.EINVAL;
    }
    if (heap.mapsFrames()) {
      vma.flags |= RAW_FRAMES;
    }
    vma.ops = vmOps;
    vma.privateData = this;
    return 0;
  }

  @Override
  SgTable table() {
    SgTable table = new SgTable();
    table.add(pfn, pages);
    return table;
  }

  @Override
  public void release(DmaBuf buffer) {
    heap.release(this);
  }

  private final class BufferVmOps extends VmOps {
    @Override
    public boolean hasFault() {
      return true;
    }

    /** cma_heap_vm_fault: a VMA that grew without the core's check faults beyond the buffer. */
    @Override
    public int fault(VmFault fault) {
      if (fault.pgoff >= pages + (heap.checksBounds() ? 0 : 1)) {
        return VmFault.SIGBUS;
      }
      if (fault.pgoff >= pages) {
        throw PageArray.READ_BEHIND;
      }
      Inserter inserter = heap.mapsFrames() ? Inserter.INSERT_PFN : Inserter.FAULT_PAGE;
      return inserter.page(heap.machine(), fault, pfn + fault.pgoff, 0);
    }
  }
}
