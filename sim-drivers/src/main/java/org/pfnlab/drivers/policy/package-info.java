/** Rules that were proposed for driver mappings, or could have been, each with its origin. */
@NullMarked
package org.pfnlab.drivers.policy;

import org.jspecify.annotations.NullMarked;
