package org.pfnlab.drivers.dma;

/** Memory that the DMA API allocated for a device, or what drivers keep of it. */
public final class DmaBuffer {
  /** Where the kernel sees it. */
  public enum CpuAddress {
    /** In the direct map: the pages lie side by side. */
    LINEAR,
    /** In vmalloc space: the DMA layer has an array of single pages. */
    VMALLOC,
    /** Nowhere, unless the driver asks for it: dma_alloc_pages and dma_alloc_noncontiguous. */
    NONE
  }

  private final long[] pfns;
  private final CpuAddress cpuAddress;
  private final long dmaAddress;
  private final boolean fromCma;
  private final boolean pageArray;

  DmaBuffer(
      long[] pfns, CpuAddress cpuAddress, long dmaAddress, boolean fromCma, boolean pageArray) {
    this.pfns = pfns;
    this.cpuAddress = cpuAddress;
    this.dmaAddress = dmaAddress;
    this.fromCma = fromCma;
    this.pageArray = pageArray;
  }

  /** Length in pages. */
  public int pages() {
    return pfns.length;
  }

  /** The page frame of a page. */
  public long pfn(int page) {
    return pfns[page];
  }

  /** All page frames; not a copy. */
  long[] pfns() {
    return pfns;
  }

  /** Where the kernel sees it. */
  public CpuAddress cpuAddress() {
    return cpuAddress;
  }

  /** Where the device sees its first byte. */
  public long dmaAddress() {
    return dmaAddress;
  }

  /** How many runs of consecutive page frames it consists of. */
  public int runs() {
    int runs = 1;
    for (int i = 1; i < pfns.length; i++) {
      runs += pfns[i] == pfns[i - 1] + 1 ? 0 : 1;
    }
    return runs;
  }

  boolean isFromCma() {
    return fromCma;
  }

  /** Whether the IOMMU's part of the DMA layer keeps it as an array of pages. */
  boolean isPageArray() {
    return pageArray;
  }
}
