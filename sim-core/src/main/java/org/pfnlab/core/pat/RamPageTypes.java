package org.pfnlab.core.pat;

/**
 * The cache modes of RAM pages, which x86 keeps in two flags of struct page: 0 WB (as every page
 * starts), 1 WC, 2 UC-, 3 WT.
 */
public interface RamPageTypes {
  /** The two flags of a page frame. */
  int type(long pfn);

  /**
   * Whether the frame has a struct page of ordinary RAM: what a PAT that asks struct pages instead
   * of the resource tree would go by ({@link Memtypes#PAT_ASKS_STRUCT_PAGE}).
   */
  default boolean isRam(long pfn) {
    return false;
  }

  /** Sets them (set_page_memtype). */
  void set(long pfn, int type);
}
