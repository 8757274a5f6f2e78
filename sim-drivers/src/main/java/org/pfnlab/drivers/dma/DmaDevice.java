package org.pfnlab.drivers.dma;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.Zone;
import org.pfnlab.drivers.dma.DmaBuffer.CpuAddress;

/**
 * A device as the DMA API sees it (kernel/dma/mapping.c, kernel/dma/direct.c,
 * drivers/iommu/dma-iommu.c), cache-coherent as on x86. Whether it sits behind an IOMMU decides how
 * its memory is allocated, and so whether dma_mmap_* maps raw frames (remap_pfn_range) or counted
 * pages (vm_map_pages): no driver can tell.
 *
 * <p>Left out: devices that are not coherent (their protection would change), coherent pools of a
 * device's own, running out of addresses, the IOMMU's page tables.
 */
public final class DmaDevice implements FrameHolder {
  /** dma_alloc_noncontiguous as it is now: an sg_table, contiguous without an IOMMU. */
  public static final Feature DMA_ALLOC_NONCONTIGUOUS =
      Feature.define(
          "DMA_ALLOC_NONCONTIGUOUS",
          "7d5b5738d151, v5.13: dma-mapping: add a dma_alloc_noncontiguous API (from memory)",
          Releases.since("v5.13"));

  /** Intel's IOMMU maps pages of 4 KiB and 2 MiB: blocks are asked for in these orders. */
  private static final int[] IOMMU_ORDERS = {9, 0};

  /** Addresses of a translated device begin below 4 GiB, which the kernel tries first. */
  private static final long IOVA_END = 1L << 32;

  private final Machine machine;
  private final CmaArea cma;
  private final boolean translated;
  private final List<DmaBuffer> buffers = new ArrayList<>();
  private long nextIova = IOVA_END;

  /**
   * A device.
   *
   * @param cma where contiguous buffers of more than a page come from
   * @param translated whether it sits behind an IOMMU (iommu_dma_ops), or has dma-direct
   */
  public DmaDevice(Machine machine, CmaArea cma, boolean translated) {
    this.machine = machine;
    this.cma = cma;
    this.translated = translated;
    machine.addFrameHolder(this);
  }

  /** Whether it sits behind an IOMMU. */
  public boolean isTranslated() {
    return translated;
  }

  /**
   * dma_alloc_attrs, which dma_alloc_coherent and dma_alloc_wc call: zeroed memory.
   *
   * @param attrs {@link DmaAttrs} bits
   * @return null without memory
   */
  public @Nullable DmaBuffer allocAttrs(int pages, int attrs) {
    boolean scattered = translated && (attrs & DmaAttrs.FORCE_CONTIGUOUS) == 0;
    return scattered ? scattered(pages, CpuAddress.VMALLOC) : contiguous(pages, CpuAddress.LINEAR);
  }

  /** dma_alloc_pages: pages side by side, whoever stands before the device; null without memory. */
  public @Nullable DmaBuffer allocPages(int pages) {
    return contiguous(pages, CpuAddress.NONE);
  }

  /** dma_alloc_noncontiguous: any pages behind an IOMMU, a run without; null without memory. */
  public @Nullable DmaBuffer allocNoncontiguous(int pages) {
    return translated ? scattered(pages, CpuAddress.NONE) : contiguous(pages, CpuAddress.NONE);
  }

  /** dma_alloc_contiguous: the CMA area, but for single pages. */
  private @Nullable DmaBuffer contiguous(int pages, CpuAddress cpuAddress) {
    boolean fromCma = pages > 1;
    long first = fromCma ? cma.alloc(pages) : machine.frames().alloc();
    if (first < 0) {
      return null;
    }
    if (!fromCma) {
      machine.frames().zero(first);
    }
    long[] pfns = new long[pages];
    Arrays.setAll(pfns, page -> first + page);
    return added(new DmaBuffer(pfns, cpuAddress, dmaAddress(first, pages), fromCma, false));
  }

  /** __iommu_dma_alloc_noncontiguous: large blocks while there are any, split into pages. */
  private @Nullable DmaBuffer scattered(int pages, CpuAddress cpuAddress) {
    Frames frames = machine.frames();
    long[] pfns = new long[pages];
    int size = 0;
    for (int done = 0; done < pages; ) {
      int block = 1 << IOMMU_ORDERS[size];
      long pfn = block > pages - done ? -1 : frames.alloc(IOMMU_ORDERS[size], Zone.NORMAL);
      if (pfn < 0) {
        size++;
        if (size == IOMMU_ORDERS.length) {
          put(pfns, done);
          return null;
        }
        continue;
      }
      for (int i = 0; i < block; i++) {
        frames.zero(pfn + i);
        pfns[done++] = pfn + i;
      }
    }
    return added(new DmaBuffer(pfns, cpuAddress, dmaAddress(pfns[0], pages), false, true));
  }

  private DmaBuffer added(DmaBuffer buffer) {
    buffers.add(buffer);
    return buffer;
  }

  private long dmaAddress(long pfn, int pages) {
    if (!translated) {
      return pfn << 12;
    }
    nextIova -= (long) pages << 12;
    return nextIova;
  }

  /** dma_free_attrs, dma_free_pages, dma_free_noncontiguous. */
  public void free(DmaBuffer buffer) {
    if (!buffers.remove(buffer)) {
      throw new IllegalArgumentException("this buffer is not one of this device, or is freed");
    }
    if (buffer.isFromCma()) {
      cma.release(buffer.pfn(0), buffer.pages());
    } else {
      put(buffer.pfns(), buffer.pages());
    }
  }

  private void put(long[] pfns, int count) {
    for (int i = 0; i < count; i++) {
      machine.frames().put(pfns[i]);
    }
  }

  /**
   * dma_mmap_attrs, which dma_mmap_coherent and dma_mmap_wc call (dma_direct_mmap, iommu_dma_mmap).
   * dma_pgprot leaves the protection of a coherent device alone, also for DMA_ATTR_WRITE_COMBINE.
   *
   * @return 0; -ENXIO if the VMA reaches out of the buffer; what the inserter says
   */
  public long mmapAttrs(Vma vma, DmaBuffer buffer) {
    if (!fits(vma, buffer)) {
      return -Errno.ENXIO;
    }
    return buffer.cpuAddress() == CpuAddress.VMALLOC
        ? machine.inserter().vmMapPages(vma, buffer.pfns())
        : remap(vma, buffer);
  }

  /** dma_mmap_pages: as {@link #mmapAttrs}, but always remap_pfn_range. */
  public long mmapPages(Vma vma, DmaBuffer buffer) {
    return fits(vma, buffer) ? remap(vma, buffer) : -Errno.ENXIO;
  }

  /** dma_mmap_noncontiguous. */
  public long mmapNoncontiguous(Vma vma, DmaBuffer buffer) {
    if (!buffer.isPageArray()) {
      return mmapPages(vma, buffer);
    }
    return fits(vma, buffer) ? machine.inserter().vmMapPages(vma, buffer.pfns()) : -Errno.ENXIO;
  }

  private static boolean fits(Vma vma, DmaBuffer buffer) {
    long pages = buffer.pages();
    return vma.pgoff >= 0 && vma.pgoff < pages && vma.pages() <= pages - vma.pgoff;
  }

  private long remap(Vma vma, DmaBuffer buffer) {
    long pfn = buffer.pfn(0) + vma.pgoff;
    return machine.remapPfn().remapPfnRange(vma, vma.start, pfn, vma.end - vma.start, vma.pageProt);
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (DmaBuffer buffer : buffers) {
      for (int page = 0; !buffer.isFromCma() && page < buffer.pages(); page++) {
        references.mergeInt(buffer.pfn(page), 1, Integer::sum);
      }
    }
  }
}
