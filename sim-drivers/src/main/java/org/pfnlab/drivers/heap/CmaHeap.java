package org.pfnlab.drivers.heap;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.HookPoint;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.drivers.dma.CmaArea;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufs;
import org.pfnlab.drivers.dmabuf.RawFrames;

/**
 * The CMA heap (drivers/dma-buf/heaps/cma_heap.c): one zeroed run of pages from a CMA area, mapped
 * page by page in faults. Until v6.8 the fault handler hands the page back, so that it is counted
 * and open to get_user_pages; since then it is a raw frame.
 */
public final class CmaHeap {
  /** Pages are mapped as raw frames. */
  public static final Feature CMA_HEAP_PFNMAP =
      Feature.define(
          "CMA_HEAP_PFNMAP",
          "1c1914d6e8c6, v6.8: dma-buf: heaps: Don't track CMA dma-buf pages under RssFile;"
              + " recorded on 6.18.2",
          Releases.since("v6.8"));

  /** The fault handler refuses the first page behind the buffer, too. */
  public static final Feature CMA_HEAP_FAULT_BOUNDS =
      Feature.define(
          "CMA_HEAP_FAULT_BOUNDS",
          "ea5ff5d351b5, v6.11 (CVE-2024-46852): off by one in the CMA heap fault handler; read in"
              + " 6.1.192, its first 6.1.y patch level is from memory",
          Releases.since("v6.11").backportedTo("v6.1.110"));

  /** Whether {@code cma_heap_mmap} makes the mapping VM_PFNMAP on a kernel that does not yet. */
  public static final HookPoint<RawFrames> PAGE_MAPPING = RawFrames.point("cma_heap_mmap:page");

  private final Machine machine;
  private final DmaBufs dmaBufs;
  private final CmaArea area;
  private final boolean mapsFrames;
  private final boolean checksBounds;

  /** The heap of a machine, with an area of its own. */
  public CmaHeap(Machine machine, DmaBufs dmaBufs) {
    Kernel kernel = machine.kernel();
    this.machine = machine;
    this.dmaBufs = dmaBufs;
    this.area = CmaArea.reserve(machine);
    this.mapsFrames = kernel.has(CMA_HEAP_PFNMAP) || RawFrames.isAsked(kernel, PAGE_MAPPING);
    this.checksBounds = kernel.has(CMA_HEAP_FAULT_BOUNDS);
  }

  /**
   * DMA_HEAP_IOCTL_ALLOC.
   *
   * @param length bytes, more than 0; rounded up to whole pages
   * @param mode FMODE_* bits of the descriptor (fd_flags)
   * @return the buffer, or null for ENOMEM
   */
  public @Nullable DmaBuf allocate(long length, int mode) {
    long pages = (length + 4095) >>> 12;
    long pfn = area.alloc(pages);
    if (pfn < 0) {
      return null;
    }
    CmaHeapBuffer buffer = new CmaHeapBuffer(this, pfn, pages);
    return dmaBufs.export(buffer, pages << 12, mode, null, null);
  }

  void release(CmaHeapBuffer buffer) {
    area.release(buffer.pfn(), buffer.pages());
  }

  Machine machine() {
    return machine;
  }

  boolean mapsFrames() {
    return mapsFrames;
  }

  boolean checksBounds() {
    return checksBounds;
  }
}
