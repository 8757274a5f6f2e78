/**
 * The nouns of mm_types.h: address spaces, VMAs, files, anon_vmas. They hold state and guard their
 * own invariants; the algorithms on them live in the rooms below.
 */
@NullMarked
package org.pfnlab.core.mm;

import org.jspecify.annotations.NullMarked;
