/**
 * TTM: buffers that live in system memory or in video memory and move between them while processes
 * have them mapped; and the drivers that use it.
 */
@NullMarked
package org.pfnlab.drivers.ttm;

import org.jspecify.annotations.NullMarked;
