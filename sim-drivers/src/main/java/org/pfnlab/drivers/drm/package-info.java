/**
 * The part of DRM that drivers map through: fake offsets, GEM objects, export as dma-buf, and the
 * shmem helper.
 */
@NullMarked
package org.pfnlab.drivers.drm;

import org.jspecify.annotations.NullMarked;
