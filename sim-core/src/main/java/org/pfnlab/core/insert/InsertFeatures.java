package org.pfnlab.core.insert;

import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Releases;

/** What kernels do differently when drivers insert entries, and which have it. */
public final class InsertFeatures {
  /** vmf_insert_mixed refuses a VMA that is not VM_MIXEDMAP; before, it is a BUG. */
  public static final Feature INSERT_MIXED_REFUSES =
      Feature.define(
          "INSERT_MIXED_REFUSES",
          "fce831c92092: vm_mixed_ok decides about VM_FAULT_SIGBUS instead of BUG_ON; read as BUG in"
              + " 6.1.192 and as SIGBUS in 6.18.2, the release is from memory",
          Releases.since("v6.11"));

  /** The zero page may be inserted as a special entry, where nobody can write to it. */
  public static final Feature INSERT_ZERO_PAGE =
      Feature.define(
          "INSERT_ZERO_PAGE",
          "fce831c92092: vm_insert_page and vmf_insert_mixed take the zero page if"
              + " vm_mixed_zeropage_allowed; before, vm_insert_page counted it like any page; the"
              + " release is from memory",
          Releases.since("v6.11"));

  /** remap_pfn_range asks PAT before it checks alignment and COW. */
  public static final Feature REMAP_TRACKS_FIRST =
      Feature.define(
          "REMAP_TRACKS_FIRST",
          "74ffa5a3e685: remap_pfn_range_notrack split off, with those checks in it; the lookups of"
              + " refused calls recorded on 5.11, 6.1 and 6.18 show it, the release is from memory",
          Releases.since("v5.13"));

  /** remap_pfn_range that fails half-way leaves nothing behind. */
  public static final Feature REMAP_ZAPS_ON_ERROR =
      Feature.define(
          "REMAP_ZAPS_ON_ERROR",
          "79a61cc3fc04, v6.11 (CVE-2024-47674); read in 6.1.192, its first 6.1.y patch level is"
              + " from memory",
          Releases.since("v6.11").backportedTo("v6.1.111"));

  private InsertFeatures() {}
}
