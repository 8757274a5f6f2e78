/**
 * How drivers put pages and raw page frames into a process's page table: vm_insert_page,
 * vmf_insert_pfn, vmf_insert_mixed, remap_pfn_range, apply_to_page_range.
 */
@NullMarked
package org.pfnlab.core.insert;

import org.jspecify.annotations.NullMarked;
