/**
 * What lies where in physical address space: the iomem resource tree, the walks that each era of
 * Linux makes over it, and /proc/iomem as text.
 */
@NullMarked
package org.pfnlab.core.iomem;

import org.jspecify.annotations.NullMarked;
