package org.pfnlab.drivers.dma;

/** DMA_ATTR_* of include/linux/dma-mapping.h, as far as they decide how memory is mapped. */
public final class DmaAttrs {
  /** DMA_ATTR_WRITE_COMBINE. */
  public static final int WRITE_COMBINE = 1 << 2;

  /** DMA_ATTR_FORCE_CONTIGUOUS. */
  public static final int FORCE_CONTIGUOUS = 1 << 6;

  private DmaAttrs() {}
}
