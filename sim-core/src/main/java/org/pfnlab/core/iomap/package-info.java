/**
 * Device memory for the kernel itself: ioremap, and io_mapping, which reserves an aperture once.
 */
@NullMarked
package org.pfnlab.core.iomap;

import org.jspecify.annotations.NullMarked;
