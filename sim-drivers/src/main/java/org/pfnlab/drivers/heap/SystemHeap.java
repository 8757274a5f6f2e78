package org.pfnlab.drivers.heap;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.HookPoint;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.Zone;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufs;
import org.pfnlab.drivers.dmabuf.SgTable;

/**
 * The system heap (drivers/dma-buf/heaps/system_heap.c): zeroed pages in blocks of 1 MiB, 64 KiB
 * and 4 KiB, mapped with remap_pfn_range.
 *
 * <p>Left out: gentler allocation of the large blocks (nothing reclaims here), compound pages,
 * memcg charging (v7.0).
 */
public final class SystemHeap implements FrameHolder {
  /** One remap_pfn_range for each block instead of one for each page. */
  public static final Feature SYSTEM_HEAP_REMAPS_BLOCKS =
      Feature.define(
          "SYSTEM_HEAP_REMAPS_BLOCKS",
          "read in v7.0: system_heap_mmap remaps a whole sg entry at once, clipped to the VMA",
          Releases.since("v7.0"));

  /** Listens where the heap decides how its pages are mapped. */
  @FunctionalInterface
  public interface PageMapping {
    /** Whether pages are mapped as ordinary, counted pages (vm_insert_page). */
    boolean asCountedPages();
  }

  /** How system_heap_mmap maps a page; nobody listening means remap_pfn_range. */
  public static final HookPoint<PageMapping> PAGE_MAPPING =
      HookPoint.define(
          "system_heap_mmap:page",
          (first, second) -> () -> first.asCountedPages() || second.asCountedPages());

  private static final int[] ORDERS = {8, 4, 0};

  private final Machine machine;
  private final DmaBufs dmaBufs;
  private final boolean countedPages;
  private final boolean remapsBlocks;
  private final List<SystemHeapBuffer> buffers = new ArrayList<>();

  /** The heap of a machine. */
  public SystemHeap(Machine machine, DmaBufs dmaBufs) {
    Kernel kernel = machine.kernel();
    PageMapping listener = kernel.hooks().get(PAGE_MAPPING);
    this.machine = machine;
    this.dmaBufs = dmaBufs;
    this.countedPages = listener != null && listener.asCountedPages();
    this.remapsBlocks = kernel.has(SYSTEM_HEAP_REMAPS_BLOCKS);
    machine.addFrameHolder(this);
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
    SgTable blocks = new SgTable();
    int size = 0;
    for (long left = pages; left > 0; left -= 1L << ORDERS[size]) {
      size = allocateBlock(left, size, blocks);
      if (size == ORDERS.length) {
        free(blocks);
        return null;
      }
    }
    SystemHeapBuffer buffer = new SystemHeapBuffer(this, blocks);
    buffers.add(buffer);
    return dmaBufs.export(buffer, pages << 12, mode, null, null);
  }

  /**
   * alloc_largest_available: a block no larger than what is left and than the last one.
   *
   * @return which of {@link #ORDERS} it has; their number if there is no memory
   */
  private int allocateBlock(long left, int largest, SgTable blocks) {
    for (int size = largest; size < ORDERS.length; size++) {
      long pages = 1L << ORDERS[size];
      long pfn = left < pages ? -1 : allocateZeroed(ORDERS[size]);
      if (pfn >= 0) {
        blocks.add(pfn, pages);
        return size;
      }
    }
    return ORDERS.length;
  }

  private long allocateZeroed(int order) {
    Frames frames = machine.frames();
    long pfn = frames.alloc(order, Zone.NORMAL);
    for (long page = pfn; pfn >= 0 && page < pfn + (1L << order); page++) {
      frames.zero(page);
    }
    return pfn;
  }

  private void free(SgTable blocks) {
    Frames frames = machine.frames();
    for (SgTable.Pages page = blocks.from(0); page.hasNext(); page.skip(1)) {
      frames.put(page.pfn());
    }
  }

  void release(SystemHeapBuffer buffer) {
    buffers.remove(buffer);
    free(buffer.blocks());
  }

  Machine machine() {
    return machine;
  }

  boolean mapsCountedPages() {
    return countedPages;
  }

  boolean remapsBlocks() {
    return remapsBlocks;
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (SystemHeapBuffer buffer : buffers) {
      for (SgTable.Pages page = buffer.blocks().from(0); page.hasNext(); page.skip(1)) {
        references.mergeInt(page.pfn(), 1, Integer::sum);
      }
    }
  }
}
