/**
 * Memory for devices that share the CPU's page tables with nobody: CMA areas, the DMA API with and
 * without an IOMMU, and what dma_mmap_* makes of either.
 */
@NullMarked
package org.pfnlab.drivers.dma;

import org.jspecify.annotations.NullMarked;
