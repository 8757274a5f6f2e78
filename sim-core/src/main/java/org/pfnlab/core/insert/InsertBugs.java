package org.pfnlab.core.insert;

import org.pfnlab.core.kernel.KernelBug;

/**
 * What the inserters assert (BUG_ON): the same in v5.11, v6.1 and v6.18, but for {@link
 * #INSERT_MIXED_VMA}, which is a VM_FAULT_SIGBUS since v6.11.
 */
@SuppressWarnings("StaticAssignmentOfThrowable") // stackless, so that throwing one costs nothing
public final class InsertBugs {
  /** vm_insert_page must set VM_MIXEDMAP, but mmap_lock is not held for writing. */
  public static final KernelBug VM_INSERT_PAGE_UNLOCKED =
      new KernelBug("vm_insert_page", "VM_MIXEDMAP is not set and mmap_lock not held for writing");

  /** vm_insert_page into a VMA of raw frames. */
  public static final KernelBug VM_INSERT_PAGE_PFNMAP =
      new KernelBug("vm_insert_page", "the VMA is VM_PFNMAP");

  /** vmf_insert_pfn into a VMA that is neither VM_PFNMAP nor VM_MIXEDMAP. */
  public static final KernelBug INSERT_PFN_ORDINARY_VMA =
      new KernelBug("vmf_insert_pfn_prot", "the VMA is neither VM_PFNMAP nor VM_MIXEDMAP");

  /** vmf_insert_pfn into a VMA that is both. */
  public static final KernelBug INSERT_PFN_BOTH =
      new KernelBug("vmf_insert_pfn_prot", "the VMA is both VM_PFNMAP and VM_MIXEDMAP");

  /** vmf_insert_pfn into a mapping whose stores must copy. */
  public static final KernelBug INSERT_PFN_COW =
      new KernelBug("vmf_insert_pfn_prot", "the VMA is VM_PFNMAP and a COW mapping");

  /** vmf_insert_pfn of a frame with a struct page into VM_MIXEDMAP. */
  public static final KernelBug INSERT_PFN_MIXED_PAGE =
      new KernelBug("vmf_insert_pfn_prot", "the VMA is VM_MIXEDMAP and the frame has a page");

  /** vmf_insert_mixed into a VMA that is not VM_MIXEDMAP, before v6.11. */
  public static final KernelBug INSERT_MIXED_VMA =
      new KernelBug("__vm_insert_mixed", "the VMA is not VM_MIXEDMAP");

  /** vmf_insert_pfn_pmd or _pud into a VMA that is neither VM_PFNMAP nor VM_MIXEDMAP. */
  public static final KernelBug INSERT_HUGE_ORDINARY_VMA =
      new KernelBug("vmf_insert_pfn_pmd", "the VMA is neither VM_PFNMAP nor VM_MIXEDMAP");

  /** vmf_insert_pfn_pmd or _pud into a VMA that is both. */
  public static final KernelBug INSERT_HUGE_BOTH =
      new KernelBug("vmf_insert_pfn_pmd", "the VMA is both VM_PFNMAP and VM_MIXEDMAP");

  /** vmf_insert_pfn_pmd or _pud into a mapping whose stores must copy. */
  public static final KernelBug INSERT_HUGE_COW =
      new KernelBug("vmf_insert_pfn_pmd", "the VMA is VM_PFNMAP and a COW mapping");

  /** An entry is there already: remap_pfn_range never overwrites. */
  public static final KernelBug REMAP_PTE_PRESENT =
      new KernelBug("remap_pte_range", "an entry of the range is not empty");

  /** remap_pfn_range of no page at all. */
  public static final KernelBug REMAP_EMPTY_RANGE =
      new KernelBug("remap_pfn_range", "the range is empty");

  private InsertBugs() {}
}
