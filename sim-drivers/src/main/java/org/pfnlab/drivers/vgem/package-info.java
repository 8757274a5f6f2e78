/**
 * vgem and vkms, DRM devices without hardware: whose buffers are shmem pages, mapped in each era's
 * way.
 */
@NullMarked
package org.pfnlab.drivers.vgem;

import org.jspecify.annotations.NullMarked;
