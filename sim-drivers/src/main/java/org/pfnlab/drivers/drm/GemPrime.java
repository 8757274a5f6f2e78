package org.pfnlab.drivers.drm;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.dmabuf.Attachment;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufOps;
import org.pfnlab.drivers.dmabuf.SgTable;

/**
 * drm_prime.c: GEM objects as dma-bufs. The exported file shares the device's address space, so
 * that the driver's revocation reaches its mappings too.
 */
public final class GemPrime {
  /**
   * Every exported object can be mapped; before, only those of drivers with a gem_prime_mmap hook.
   */
  public static final Feature GEM_PRIME_MMAP_ALWAYS =
      Feature.define(
          "GEM_PRIME_MMAP_ALWAYS",
          "recorded in 6.18.2, not in 6.1.192; the hook went in v6.6 (release from memory)",
          Releases.since("v6.6"));

  /** gem_prime_mmap: how a driver maps an exported object. */
  @FunctionalInterface
  public interface MmapHook<T extends GemObject> {
    /** vm_pgoff counts pages of the buffer; 0 or -errno. */
    long mmap(T object, Vma vma);
  }

  private GemPrime() {}

  /**
   * drm_gem_prime_export: the dma-buf holds a reference to the object.
   *
   * @param mode FMODE_* bits; DRM_RDWR makes it writable
   * @param hook the driver's gem_prime_mmap, most often {@link #mmap}; null if it has none, which
   *     once meant ENOSYS
   */
  public static <T extends GemObject> DmaBuf export(
      T object, int mode, @Nullable MmapHook<? super T> hook) {
    DrmDevice device = object.device();
    boolean always = device.machine().kernel().has(GEM_PRIME_MMAP_ALWAYS);
    object.get();
    return device
        .dmaBufs()
        .export(
            new GemDmaBufOps<T>(object, hook == null && always ? GemPrime::mmap : hook),
            object.pages() << 12,
            mode,
            device.mapping(),
            object.reservation());
  }

  /** drm_gem_prime_mmap: from here on vm_pgoff counts from the fake offset. */
  public static long mmap(GemObject object, Vma vma) {
    vma.pgoff += object.node().start();
    return object.mapInto(vma);
  }

  private static final class GemDmaBufOps<T extends GemObject> extends DmaBufOps {
    private final T object;
    private final @Nullable MmapHook<? super T> hook;

    GemDmaBufOps(T object, @Nullable MmapHook<? super T> hook) {
      this.object = object;
      this.hook = hook;
    }

    @Override
    public long mmap(DmaBuf buffer, Vma vma) {
      return hook == null ? -Errno.ENOSYS : hook.mmap(object, vma);
    }

    @Override
    public @Nullable SgTable map(Attachment attachment) {
      if (!object.populate()) {
        return null;
      }
      SgTable table = new SgTable();
      for (long page = 0; page < object.pages(); page++) {
        table.add(object.pfn(page), 1);
      }
      return table;
    }

    @Override
    public void release(DmaBuf buffer) {
      object.put();
    }
  }
}
