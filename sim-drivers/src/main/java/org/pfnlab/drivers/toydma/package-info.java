/**
 * A device that exists only here: the test module behind the recordings as a user of the DMA API,
 * whose mmap does nothing but call dma_mmap_*.
 */
@NullMarked
package org.pfnlab.drivers.toydma;

import org.jspecify.annotations.NullMarked;
