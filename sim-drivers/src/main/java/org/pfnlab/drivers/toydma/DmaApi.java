package org.pfnlab.drivers.toydma;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.dma.DmaAttrs;
import org.pfnlab.drivers.dma.DmaBuffer;
import org.pfnlab.drivers.dma.DmaDevice;

/** A pair of functions that drivers allocate and map DMA memory with. */
public enum DmaApi {
  /** dma_alloc_coherent, dma_mmap_coherent. */
  COHERENT("mod_j_dma_coherent", "dma_mmap_coherent", 0),

  /** dma_alloc_wc, dma_mmap_wc. */
  WRITE_COMBINED("mod_k_dma_wc", "dma_mmap_wc", DmaAttrs.WRITE_COMBINE),

  /** dma_alloc_noncontiguous, dma_mmap_noncontiguous. */
  NONCONTIGUOUS("mod_l_dma_noncontiguous", "dma_mmap_noncontiguous", 0) {
    @Override
    @Nullable DmaBuffer alloc(DmaDevice device, int pages) {
      return device.allocNoncontiguous(pages);
    }

    @Override
    long mmap(DmaDevice device, Vma vma, DmaBuffer buffer) {
      return device.mmapNoncontiguous(vma, buffer);
    }
  },

  /** dma_alloc_attrs and dma_mmap_attrs with DMA_ATTR_FORCE_CONTIGUOUS. */
  FORCE_CONTIGUOUS("mod_m_dma_force_contiguous", "dma_mmap_attrs", DmaAttrs.FORCE_CONTIGUOUS),

  /** dma_alloc_pages, dma_mmap_pages. */
  PAGES("mod_n_dma_pages", "dma_mmap_pages", 0) {
    @Override
    @Nullable DmaBuffer alloc(DmaDevice device, int pages) {
      return device.allocPages(pages);
    }

    @Override
    long mmap(DmaDevice device, Vma vma, DmaBuffer buffer) {
      return device.mmapPages(vma, buffer);
    }
  };

  private final String label;
  private final String symbol;
  private final int attrs;

  DmaApi(String label, String symbol, int attrs) {
    this.label = label;
    this.symbol = symbol;
    this.attrs = attrs;
  }

  /** The one of this label, or null. */
  public static @Nullable DmaApi find(String label) {
    for (DmaApi api : values()) {
      if (api.label.equals(label)) {
        return api;
      }
    }
    return null;
  }

  /** The recordings' name of it, without what stands before the device. */
  String label() {
    return label;
  }

  /** The function that maps. */
  String symbol() {
    return symbol;
  }

  /** Allocates a buffer; null without memory. */
  @Nullable DmaBuffer alloc(DmaDevice device, int pages) {
    return device.allocAttrs(pages, attrs);
  }

  /** Maps a buffer: 0 or -errno. */
  long mmap(DmaDevice device, Vma vma, DmaBuffer buffer) {
    return device.mmapAttrs(vma, buffer);
  }
}
