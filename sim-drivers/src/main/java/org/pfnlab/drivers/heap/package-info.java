/** The dma-buf heaps: buffers that user space allocates for devices. */
@NullMarked
package org.pfnlab.drivers.heap;

import org.jspecify.annotations.NullMarked;
