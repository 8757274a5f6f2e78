/**
 * Physical memory: what the kernel keeps in struct page, what the bytes are, and who hands pages
 * out.
 */
@NullMarked
package org.pfnlab.core.phys;

import org.jspecify.annotations.NullMarked;
