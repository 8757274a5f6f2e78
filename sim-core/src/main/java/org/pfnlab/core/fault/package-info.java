/**
 * What happens when an access finds no usable entry: handle_mm_fault, COW, unsharing, fault-around.
 */
@NullMarked
package org.pfnlab.core.fault;

import org.jspecify.annotations.NullMarked;
