/**
 * Who may cache what: x86 memory types in page-table bits and MTRRs, and Linux's record of the
 * types that ranges of physical memory are mapped with.
 */
@NullMarked
package org.pfnlab.core.pat;

import org.jspecify.annotations.NullMarked;
