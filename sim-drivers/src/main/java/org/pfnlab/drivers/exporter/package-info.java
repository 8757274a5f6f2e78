/**
 * Drivers that export dma-bufs, as data: some thirty drivers map their buffers by combinations of a
 * few refusals, flags, offsets and ways of filling page tables.
 */
@NullMarked
package org.pfnlab.drivers.exporter;

import org.jspecify.annotations.NullMarked;
