/**
 * The memory-mapping system calls: mmap, munmap, merge, split, mprotect, fork and their relatives,
 * as algorithms on the nouns of {@code mm}.
 */
@NullMarked
package org.pfnlab.core.vma;

import org.jspecify.annotations.NullMarked;
