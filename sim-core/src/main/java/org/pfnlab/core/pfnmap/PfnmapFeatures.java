package org.pfnlab.core.pfnmap;

import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Releases;

/** What kernels do differently with raw page frames, and which have it. */
public final class PfnmapFeatures {
  /** One vm_normal_page for all levels, with stricter tests of the zero pages. */
  public static final Feature VM_NORMAL_PAGE_COMMON =
      Feature.define(
          "VM_NORMAL_PAGE_COMMON",
          "v6.18: __vm_normal_page for PTE, PMD and PUD; the huge zero page is raw at every level,"
              + " and VM_MIXEDMAP without pte_special no longer returns the zero page; read in 6.18.2",
          Releases.since("v6.18"));

  /** Tracking by a counted context instead of VM_PAT. */
  public static final Feature PFNMAP_TRACK_CTX =
      Feature.define(
          "PFNMAP_TRACK_CTX",
          "v6.16: pfnmap_track and pfnmap_track_ctx; VM_PAT, track_pfn_* and untrack_pfn are gone",
          Releases.since("v6.16"));

  /** The tracked frames of a COW mapping are found although its first page was copied. */
  public static final Feature PAT_PFN_FROM_PGOFF =
      Feature.define(
          "PAT_PFN_FROM_PGOFF",
          "04c35ab3bdae, v6.9 (CVE-2024-35877): follow_phys refuses anonymous pages, and"
              + " get_pat_info falls back to vm_pgoff, which knows the frame but not the cache mode;"
              + " read in 6.1.192, its first 6.1.y patch level is from memory",
          Releases.since("v6.9").backportedTo("v6.1.85"));

  /** A child is marked VM_PAT only once its reservation exists. */
  public static final Feature PAT_FORK_MARKS_LATE =
      Feature.define(
          "PAT_FORK_MARKS_LATE",
          "dc84bc2aba85, v6.15 (CVE-2025-22090): dup_mmap clears VM_PAT of the child,"
              + " track_pfn_copy sets it; read in 6.1.192, its first 6.1.y patch level is from"
              + " memory",
          Releases.since("v6.15").backportedTo("v6.1.134"));

  /** The processor speculates through entries that are not present (L1TF). */
  public static final Feature X86_BUG_L1TF =
      Feature.define(
          "X86_BUG_L1TF",
          "an affected processor: PROT_NONE entries may not name device memory beyond half of the"
              + " physical address space; no recorded machine has it",
          Releases.none());

  private PfnmapFeatures() {}
}
