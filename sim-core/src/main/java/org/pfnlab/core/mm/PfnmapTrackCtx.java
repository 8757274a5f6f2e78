package org.pfnlab.core.mm;

/**
 * pfnmap_track_ctx (v6.16): the reservation of one whole-VMA remap_pfn_range, shared by reference
 * with forked, split and moved copies of the VMA, and released with the last of them.
 */
public final class PfnmapTrackCtx {
  /** First page frame of the reservation. */
  public final long pfn;

  /** Length of the reservation in bytes. */
  public final long size;

  /** VMAs that share it. */
  public int references = 1;

  /** A context with one reference. */
  public PfnmapTrackCtx(long pfn, long size) {
    this.pfn = pfn;
    this.size = size;
  }
}
