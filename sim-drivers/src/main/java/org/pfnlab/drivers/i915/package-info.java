/**
 * i915's mapping through the GPU's aperture: the cache mode is reserved once when the driver loads,
 * and a fault maps all that is bound without asking again.
 */
@NullMarked
package org.pfnlab.drivers.i915;

import org.jspecify.annotations.NullMarked;
