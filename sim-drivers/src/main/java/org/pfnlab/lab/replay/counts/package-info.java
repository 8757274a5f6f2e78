/**
 * Recordings of function-call counts: what the modelled kernel's events count is compared with what
 * ftrace counted, symbol by symbol.
 */
@NullMarked
package org.pfnlab.lab.replay.counts;

import org.jspecify.annotations.NullMarked;
