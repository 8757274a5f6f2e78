package org.pfnlab.drivers.heap;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufObject;
import org.pfnlab.drivers.dmabuf.DmaBufs;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;

/** The kinds of the dma-buf heaps. */
public final class HeapKinds {
  private static final ImmutableList<Kind> ALL =
      ImmutableList.of(
          new Kind(
              "dmaheap_system",
              "system heap: zeroed pages, remap_pfn_range at mmap",
              "system_heap_mmap",
              ImmutableList.of(SystemHeap.SYSTEM_HEAP_REMAPS_BLOCKS),
              (machine, placement) -> {
                SystemHeap heap = new SystemHeap(machine, new DmaBufs(machine.kernel()));
                return pages -> open(machine, heap, pages);
              }),
          new Kind(
              "dmaheap_cma",
              "CMA heap: consecutive pages, handed back by the fault handler, since v6.8"
                  + " vmf_insert_pfn",
              "cma_heap_vm_fault",
              ImmutableList.of(CmaHeap.CMA_HEAP_PFNMAP, CmaHeap.CMA_HEAP_FAULT_BOUNDS),
              (machine, placement) -> {
                CmaHeap heap = new CmaHeap(machine, new DmaBufs(machine.kernel()));
                return pages -> open(machine, heap, pages);
              }));

  private HeapKinds() {}

  /** All of them. */
  public static ImmutableList<Kind> all() {
    return ALL;
  }

  private static ObjectUnderTest open(Machine machine, SystemHeap heap, long pages) {
    DmaBuf buffer = heap.allocate(pages << 12, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE);
    if (buffer == null) {
      return ObjectUnderTest.refused(-Errno.ENOMEM);
    }
    SystemHeapBuffer exporter = (SystemHeapBuffer) buffer.ops();
    return new DmaBufObject(machine, buffer, page -> exporter.blocks().from(page).pfn(), () -> {});
  }

  private static ObjectUnderTest open(Machine machine, CmaHeap heap, long pages) {
    DmaBuf buffer = heap.allocate(pages << 12, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE);
    if (buffer == null) {
      return ObjectUnderTest.refused(-Errno.ENOMEM);
    }
    long first = ((CmaHeapBuffer) buffer.ops()).pfn();
    return new DmaBufObject(machine, buffer, page -> first + page, () -> {});
  }
}
