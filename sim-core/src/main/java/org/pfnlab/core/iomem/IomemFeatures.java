package org.pfnlab.core.iomem;

import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Releases;

/** What kernels do differently with the resource tree, and which have it. */
public final class IomemFeatures {
  /** find_next_iomem_res looks below the first level. */
  public static final Feature IOMEM_WALK_DESCENDS =
      Feature.define(
          "IOMEM_WALK_DESCENDS",
          "v5.1: the walk for System RAM also finds RAM below device resources (from memory, no"
              + " recording)",
          Releases.since("v5.1"));

  /** find_next_iomem_res moves along the first level until it meets the range. */
  public static final Feature IOMEM_SIBLINGS_ONLY =
      Feature.define(
          "IOMEM_SIBLINGS_ONLY",
          "756398750e11 (v5.3): no child of a first-level resource below the range is visited;"
              + " removed by 97523a4edb7b (v5.13)",
          Releases.since("v5.3").until("v5.13"));

  /** The same walk again, after six years without it. */
  public static final Feature IOMEM_SKIP_CHILDREN =
      Feature.define(
          "IOMEM_SKIP_CHILDREN",
          "6fb3acdebf65 (v6.19) brings back what 756398750e11 did; stable series got it in December"
              + " 2025. The patch levels here are those in which it was seen (6.1.192 and 6.12.117"
              + " read, 6.18.2 by its recorded visits); a few earlier ones must have it too",
          Releases.since("v6.19")
              .backportedTo("v6.1.192")
              .backportedTo("v6.12.117")
              .backportedTo("v6.18.2"));

  /** walk_mem_res, which ioremap asks, sees the first level only. */
  public static final Feature WALK_MEM_RES_FIRST_LEVEL =
      Feature.define(
          "WALK_MEM_RES_FIRST_LEVEL",
          "until 3c9c79753436 (v5.13); the visits of io_mapping_init_wc recorded on 5.11 show it",
          Releases.before("v5.13"));

  /** region_intersects looks below a first-level resource that does not match itself. */
  public static final Feature REGION_INTERSECTS_DESCENDS =
      Feature.define(
          "REGION_INTERSECTS_DESCENDS",
          "v6.12: System RAM inside a CXL window counts as RAM; read in 6.1.192",
          Releases.since("v6.12").backportedTo("v6.1.192"));

  /** for_each_resource ends with the subtree that it was given. */
  public static final Feature FOR_EACH_RESOURCE_IN_SUBTREE =
      Feature.define(
          "FOR_EACH_RESOURCE_IN_SUBTREE",
          "d7ce9c73da54 (v6.13): before it, the descent of region_intersects ran on to the end of"
              + " the tree (recorded next_resource counts of 6.1.192 show it); same results",
          Releases.since("v6.13"));

  /** Exclusive System RAM is exclusive without being busy; the check skips children. */
  public static final Feature IOMEM_EXCLUSIVE_SYSTEM_RAM =
      Feature.define(
          "IOMEM_EXCLUSIVE_SYSTEM_RAM",
          "b78dfa059fdd, a9e7b8d4f663 (November 2021, v5.16)",
          Releases.since("v5.16"));

  /** /proc/iomem indents up to eight levels instead of five. */
  public static final Feature IORES_LEVEL_8 =
      Feature.define(
          "IORES_LEVEL_8",
          "4326ab1806a5 (posted December 2025, read in v7.2; v7.0 is inferred): MAX_IORES_LEVEL 8",
          Releases.since("v7.0"));

  /** iomem checks are strict: Kconfig STRICT_DEVMEM, not booted with iomem=relaxed. */
  public static final Feature STRICT_DEVMEM =
      Feature.define(
          "STRICT_DEVMEM",
          "Kconfig STRICT_DEVMEM; distributions set it, the recorded kernels do not",
          Releases.none());

  /** Every busy resource is exclusive: Kconfig IO_STRICT_DEVMEM. */
  public static final Feature IO_STRICT_DEVMEM =
      Feature.define(
          "IO_STRICT_DEVMEM",
          "Kconfig IO_STRICT_DEVMEM; some distributions set it, the recorded kernels do not",
          Releases.none());

  /** A walk along the first level begins where the one before it left that level. */
  public static final Feature IOMEM_CACHES_TOP =
      Feature.define(
          "IOMEM_CACHES_TOP",
          "in no release: after patch 3 of N. Amit's series of June 2019 (posted, not merged), which"
              + " caches the last first-level resource; for walks that skip children",
          Releases.none());

  /** Tests for RAM of one page search sorted ranges of System RAM, and walk no tree. */
  public static final Feature IOMEM_RAM_INDEX =
      Feature.define(
          "IOMEM_RAM_INDEX",
          "in no release: System RAM indexed by address, kept with the tree",
          Releases.none());

  private IomemFeatures() {}
}
