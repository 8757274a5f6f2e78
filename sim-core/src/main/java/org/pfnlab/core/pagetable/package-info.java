/**
 * Page tables as the hardware sees them: real x86-64 entries, tables of 512, leaves of three sizes.
 */
@NullMarked
package org.pfnlab.core.pagetable;

import org.jspecify.annotations.NullMarked;
