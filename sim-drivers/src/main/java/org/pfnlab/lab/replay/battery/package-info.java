/**
 * Recordings of the driver battery: one case a line, each with its own process, object and mapping;
 * what the case does and which fields it fills in is told by its operation.
 */
@NullMarked
package org.pfnlab.lab.replay.battery;

import org.jspecify.annotations.NullMarked;
