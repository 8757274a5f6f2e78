package org.pfnlab.drivers.drm;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufObject;
import org.pfnlab.drivers.kind.ObjectUnderTest;

/** A GEM object under test through its dma-buf. */
public final class PrimeBuffer {
  private PrimeBuffer() {}

  /**
   * DRM_IOCTL_MODE_CREATE_DUMB and PRIME_HANDLE_TO_FD.
   *
   * @param file the open device, whose reference goes to the result
   * @param object a new object, whose reference becomes the handle's
   * @param mode FMODE_* bits of the descriptor
   * @param hook the driver's gem_prime_mmap, or null if it has none
   */
  public static <T extends GemObject> ObjectUnderTest export(
      OpenFile file, T object, int mode, GemPrime.@Nullable MmapHook<? super T> hook) {
    DrmDevice.fileOf(file).addHandle(object);
    DmaBuf buffer = GemPrime.export(object, mode, hook);
    return new DmaBufObject(object.device().machine(), buffer, object::pfn, () -> file.put());
  }
}
