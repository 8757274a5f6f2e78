package org.pfnlab.core.insert;

import org.pfnlab.core.meter.Event;

/** What the inserters count: one event a kernel function, and the entries that they write. */
public final class InsertEvents {
  /** Entries written by inserters, whatever their level. */
  public static final Event PTE = Event.define("insert.pte", "entries written by inserters");

  /** vm_insert_page. */
  public static final Event VM_INSERT_PAGE =
      Event.define("insert.vm_insert_page", "vm_insert_page");

  /** vm_insert_pages. */
  public static final Event VM_INSERT_PAGES =
      Event.define("insert.vm_insert_pages", "vm_insert_pages");

  /** insert_page: one counted page. */
  public static final Event INSERT_PAGE = Event.define("insert.insert_page", "insert_page");

  /** vmf_insert_pfn. */
  public static final Event VMF_INSERT_PFN =
      Event.define("insert.vmf_insert_pfn", "vmf_insert_pfn");

  /** vmf_insert_pfn_prot, those made by vmf_insert_pfn included. */
  public static final Event VMF_INSERT_PFN_PROT =
      Event.define("insert.vmf_insert_pfn_prot", "vmf_insert_pfn_prot");

  /** vmf_insert_mixed. */
  public static final Event VMF_INSERT_MIXED =
      Event.define("insert.vmf_insert_mixed", "vmf_insert_mixed");

  /** vmf_insert_mixed_prot, which vmf_insert_mixed does not call. */
  public static final Event VMF_INSERT_MIXED_PROT =
      Event.define("insert.vmf_insert_mixed_prot", "vmf_insert_mixed_prot");

  /** vmf_insert_mixed_mkwrite. */
  public static final Event VMF_INSERT_MIXED_MKWRITE =
      Event.define("insert.vmf_insert_mixed_mkwrite", "vmf_insert_mixed_mkwrite");

  /** insert_pfn: one raw frame. */
  public static final Event INSERT_PFN = Event.define("insert.insert_pfn", "insert_pfn");

  /** vmf_insert_pfn_pmd and vmf_insert_pfn_pud. */
  public static final Event VMF_INSERT_PFN_HUGE =
      Event.define("insert.vmf_insert_pfn_huge", "vmf_insert_pfn_pmd, vmf_insert_pfn_pud");

  /** remap_pfn_range. */
  public static final Event REMAP_PFN_RANGE =
      Event.define("insert.remap_pfn_range", "remap_pfn_range");

  /** remap_pfn_range_notrack (v5.13), those made by remap_pfn_range included. */
  public static final Event REMAP_NOTRACK =
      Event.define("insert.remap_pfn_range_notrack", "remap_pfn_range_notrack");

  /** remap_pte_range: one page-table leaf filled. */
  public static final Event REMAP_PTE_RANGE =
      Event.define("insert.remap_pte_range", "remap_pte_range, once a page table");

  /** apply_to_page_range. */
  public static final Event APPLY_TO_PAGE_RANGE =
      Event.define("insert.apply_to_page_range", "apply_to_page_range");

  /** Entries written by the callback of apply_to_page_range, one indirect call each. */
  public static final Event APPLIED =
      Event.define("insert.applied", "calls of apply_to_page_range's callback");

  private InsertEvents() {}
}
