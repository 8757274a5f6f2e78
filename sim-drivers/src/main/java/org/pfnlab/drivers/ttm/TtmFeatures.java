package org.pfnlab.drivers.ttm;

import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Releases;

/** What changed in TTM and its users between the releases. */
public final class TtmFeatures {
  /** Mappings are VM_PFNMAP and refuse COW; before, VM_MIXEDMAP and private copies. */
  public static final Feature TTM_PFNMAP =
      Feature.define(
          "TTM_PFNMAP",
          "f91142c62161, v5.14: VM_PFNMAP instead of VM_MIXEDMAP, and COW mappings give EINVAL",
          Releases.since("v5.14"));

  /** A fault after hot unplug maps a page of zeros instead of the hardware. */
  public static final Feature TTM_DUMMY_PAGE =
      Feature.define(
          "TTM_DUMMY_PAGE",
          "v5.14 (release from memory): a fault on an unplugged device maps one page of zeros"
              + " everywhere",
          Releases.since("v5.14"));

  /** A fault that finds no memory for the buffer gives SIGBUS; before, VM_FAULT_OOM. */
  public static final Feature TTM_POPULATE_SIGBUS =
      Feature.define(
          "TTM_POPULATE_SIGBUS",
          "read in v6.18, absent from v6.1; the release between was not looked up",
          Releases.since("v6.18"));

  /** bochs keeps its buffers in shmem pages and no longer uses TTM. */
  public static final Feature BOCHS_SHMEM =
      Feature.define(
          "BOCHS_SHMEM",
          "recorded in 6.18.2, absent from 6.1.192; the release between from memory",
          Releases.since("v6.13"));

  /** bochs maps its video memory write-combined into the kernel; before, uncached-minus. */
  public static final Feature BOCHS_VRAM_WC =
      Feature.define(
          "BOCHS_VRAM_WC",
          "recorded: the memtype list of 6.18.2 says write-combining, those of 5.11 and 6.1.192"
              + " uncached-minus",
          Releases.since("v6.13"));

  /** qxl creates dumb buffers in system memory; before, in the BAR for surfaces. */
  public static final Feature QXL_DUMB_IN_RAM =
      Feature.define(
          "QXL_DUMB_IN_RAM",
          "recorded in 6.1.192, absent from 5.11; v5.13 from memory",
          Releases.since("v5.13"));

  /** A fault writes its window through apply_to_page_range and asks PAT nothing. */
  public static final Feature TTM_BULK_FILL =
      Feature.define(
          "TTM_BULK_FILL",
          "in no release: C. Konig, 20 August 2025, PAT bypassed and the window filled with"
              + " apply_to_page_range; 1 GiB in 20 ms instead of 197",
          Releases.none());

  /** System pages are inserted with a reference and the protection that the driver wants. */
  public static final Feature TTM_INSERT_PAGES =
      Feature.define(
          "TTM_INSERT_PAGES",
          "in no release: the first way out of D. Hildenbrand's answer of 26 August 2025. VM_MIXEDMAP"
              + " again; takes for granted that every page of the pool has a reference count",
          Releases.none());

  /** System pages are inserted as raw frames by an interface for RAM, which does not ask PAT. */
  public static final Feature TTM_PFN_RAM =
      Feature.define(
          "TTM_PFN_RAM",
          "in no release: the second way out of D. Hildenbrand's answer of 26 August 2025",
          Releases.none());

  private TtmFeatures() {}
}
