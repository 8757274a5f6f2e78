/** The simulated drivers, one package each, and the catalog of everything they can map. */
@NullMarked
package org.pfnlab.drivers;

import org.jspecify.annotations.NullMarked;
