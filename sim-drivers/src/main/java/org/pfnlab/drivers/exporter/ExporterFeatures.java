package org.pfnlab.drivers.exporter;

import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Releases;

/** What changed in exporters between the releases, and which of them exist. */
public final class ExporterFeatures {
  /** msm inserts raw frames; before, vmf_insert_mixed into VM_MIXEDMAP. */
  public static final Feature MSM_PFNMAP =
      Feature.define(
          "MSM_PFNMAP",
          "8246913a2e30, v6.0: switch to pfn mappings; no check that would keep COW away",
          Releases.since("v6.0"));

  /** etnaviv inserts raw frames; before, counted pages. */
  public static final Feature ETNAVIV_PFNMAP =
      Feature.define(
          "ETNAVIV_PFNMAP",
          "read in v6.18, absent from v6.1; the release between was not looked up",
          Releases.since("v6.18"));

  /**
   * The DMA helper maps as an operation of its objects, sets VM_DONTEXPAND only and keeps the
   * offset; before, what drm_gem_mmap_obj sets stayed, and the offset became 0.
   */
  public static final Feature DMA_HELPER_OBJECT_MMAP =
      Feature.define(
          "DMA_HELPER_OBJECT_MMAP",
          "read in v6.1, absent from v5.11; v5.12 from memory",
          Releases.since("v5.12"));

  /** i915 drives discrete cards, whose exported buffers are mapped through TTM's fault handler. */
  public static final Feature I915_DISCRETE_DMABUF =
      Feature.define(
          "I915_DISCRETE_DMABUF",
          "read in v6.1, absent from v5.11; the release between was not looked up",
          Releases.since("v6.1"));

  /** Shared memory of the TEE subsystem is exported as dma-bufs. */
  public static final Feature TEE_SHM_DMABUF =
      Feature.define(
          "TEE_SHM_DMABUF",
          "read in v5.11, absent from v6.1; the release between was not looked up",
          Releases.before("v6.1"));

  /** The amdxdna driver. */
  public static final Feature AMDXDNA =
      Feature.define(
          "AMDXDNA", "read in v6.18, absent from v6.1; v6.14 from memory", Releases.since("v6.14"));

  /** amdxdna exports user pages too. */
  public static final Feature AMDXDNA_UBUF =
      Feature.define(
          "AMDXDNA_UBUF",
          "read in v6.18; the release that brought it was not looked up",
          Releases.since("v6.18"));

  /** The xe driver. */
  public static final Feature XE =
      Feature.define(
          "XE", "read in v6.18, absent from v6.1; v6.8 from memory", Releases.since("v6.8"));

  /** The TEE subsystem's dma-buf heaps, which cannot be mapped. */
  public static final Feature TEE_HEAP =
      Feature.define(
          "TEE_HEAP",
          "read in v6.18; the release that brought it was not looked up",
          Releases.since("v6.18"));

  private ExporterFeatures() {}
}
