package org.pfnlab.drivers.exporter;

/** Where an exporter's pages come from. */
enum Memory {
  /** dma_alloc_attrs: side by side with direct DMA, single pages behind an IOMMU. */
  DMA,
  /** Pages one by one from the page allocator, or vmalloc's. */
  PAGES,
  /** An anonymous shmem file of the object's own. */
  SHMEM,
  /** The device's memory, mapped write-combined into the kernel once. */
  BAR
}
