package org.pfnlab.drivers.exporter;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.dma.DmaBuffer;
import org.pfnlab.drivers.drm.ShmemPages;

/**
 * The pages of one buffer.
 *
 * @param pfns the page frames, or empty if a file's page cache holds them
 * @param dmaOrNull the buffer of the DMA API that they are
 * @param shmemOrNull the shmem file that holds them
 */
record Backing(long[] pfns, @Nullable DmaBuffer dmaOrNull, @Nullable ShmemPages shmemOrNull) {
  long pfn(long page) {
    ShmemPages shmem = shmemOrNull;
    return shmem == null ? pfns[(int) page] : shmem.pfn(page);
  }

  /** All page frames; every page of a shmem file exists then. */
  long[] frames(long pages) {
    long[] frames = new long[(int) pages];
    for (int page = 0; page < pages; page++) {
      frames[page] = pfn(page);
    }
    return frames;
  }

  DmaBuffer dma() {
    DmaBuffer dma = dmaOrNull;
    if (dma == null) {
      throw new IllegalStateException("dma_mmap_* of memory that is not the DMA API's");
    }
    return dma;
  }

  private ShmemPages shmem() {
    ShmemPages shmem = shmemOrNull;
    if (shmem == null) {
      throw new IllegalStateException("this buffer has no shmem file");
    }
    return shmem;
  }

  OpenFile file() {
    return shmem().file();
  }

  /** Lets the shmem file go; whoever maps it keeps it. */
  void release() {
    shmem().release();
  }
}
