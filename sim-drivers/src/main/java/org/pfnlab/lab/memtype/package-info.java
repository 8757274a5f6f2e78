/** Reservations of cache modes as a kernel lists them, and what one more of them would get. */
@NullMarked
package org.pfnlab.lab.memtype;

import org.jspecify.annotations.NullMarked;
