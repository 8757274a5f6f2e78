/**
 * The dma-buf core: buffers shared through file descriptors, the two ways to map them, reservation
 * locks and fences; and the points where rules for such mappings are asked.
 */
@NullMarked
package org.pfnlab.drivers.dmabuf;

import org.jspecify.annotations.NullMarked;
