/**
 * The assembled machine: every room wired together, its system calls, and the check of its
 * invariants.
 */
@NullMarked
package org.pfnlab.core.machine;

import org.jspecify.annotations.NullMarked;
