/**
 * Kernel specs, the same wherever a command takes one: {@code v6.1.192+CMA_HEAP_PFNMAP-X86_PAT}, a
 * release with features and policies added or taken away.
 */
@NullMarked
package org.pfnlab.lab.spec;

import org.jspecify.annotations.NullMarked;
