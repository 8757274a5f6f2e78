/** udmabuf: pages of a memfd as a dma-buf. */
@NullMarked
package org.pfnlab.drivers.udmabuf;

import org.jspecify.annotations.NullMarked;
