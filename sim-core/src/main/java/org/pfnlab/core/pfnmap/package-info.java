/**
 * What a special page-table entry means, and who reserved its cache mode: vm_normal_page, and the
 * tracking of raw page frames by VM_PAT and by its successor.
 */
@NullMarked
package org.pfnlab.core.pfnmap;

import org.jspecify.annotations.NullMarked;
