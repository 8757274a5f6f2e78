/**
 * From pages back to VMAs, and everything that undoes a mapping: anonymous and file reverse maps,
 * zap, unmap_mapping_range.
 */
@NullMarked
package org.pfnlab.core.rmap;

import org.jspecify.annotations.NullMarked;
