package org.pfnlab.drivers.vgem;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.drm.DrmDevice;
import org.pfnlab.drivers.drm.DumbBuffer;
import org.pfnlab.drivers.drm.GemObject;
import org.pfnlab.drivers.drm.GemPrime;
import org.pfnlab.drivers.drm.PrimeBuffer;
import org.pfnlab.drivers.drm.ShmemHelper;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;

/** The kinds of vgem and vkms. */
public final class VgemKinds {
  /** vgem's buffers are those of the shmem helper. */
  public static final Feature VGEM_SHMEM_HELPER =
      Feature.define("VGEM_SHMEM_HELPER", "45d9c8dde4cd, v5.16", Releases.since("v5.16"));

  private static final int READ_WRITE = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;

  private static final ImmutableList<Feature> VKMS_FEATURES =
      ImmutableList.of(
          ShmemHelper.SHMEM_HELPER_PFNMAP,
          ShmemHelper.SHMEM_HELPER_REFUSES_COW,
          ShmemHelper.SHMEM_HELPER_COUNTS_FROM_START);

  private static final ImmutableList<Feature> VGEM_FEATURES =
      ImmutableList.<Feature>builder()
          .add(VGEM_SHMEM_HELPER, ShmemHelper.SHMEM_HELPER_WC_PAGES)
          .addAll(VKMS_FEATURES)
          .build();

  private static final ImmutableList<Kind> ALL =
      ImmutableList.of(
          new Kind(
              "vgem_dumb",
              "vgem dumb buffer, write-combined",
              "vgem_mmap, later drm_gem_shmem_mmap",
              VGEM_FEATURES,
              (machine, placement) -> vgem(machine, false)),
          new Kind(
              "vgem_dmabuf",
              "vgem dumb buffer exported as dma-buf",
              "vgem_prime_mmap, later drm_gem_shmem_mmap",
              VGEM_FEATURES,
              (machine, placement) -> vgem(machine, true)),
          new Kind(
              "vkms_dumb",
              "vkms dumb buffer",
              "drm_gem_shmem_mmap",
              VKMS_FEATURES,
              (machine, placement) -> vkms(machine, false)),
          new Kind(
              "vkms_dmabuf",
              "vkms dumb buffer exported as dma-buf",
              "drm_gem_shmem_mmap",
              VKMS_FEATURES,
              (machine, placement) -> vkms(machine, true)),
          new Kind(
              "vkms_dumb_map_of_imported_vgem",
              "vgem buffer imported into vkms: it gets no mmap offset there",
              "drm_gem_dumb_map_offset",
              ImmutableList.of(),
              (machine, placement) -> pages -> ObjectUnderTest.refused(-Errno.EINVAL)));

  private VgemKinds() {}

  /** All of them. */
  public static ImmutableList<Kind> all() {
    return ALL;
  }

  private static Device vgem(Machine machine, boolean exported) {
    DrmDevice drm = new DrmDevice(machine, "vgem");
    if (machine.kernel().has(VGEM_SHMEM_HELPER)) {
      ShmemHelper helper = new ShmemHelper(drm, true);
      return pages -> open(helper.create(pages), exported, GemPrime::mmap);
    }
    return pages -> open(new VgemObject(drm, pages), exported, VgemObject::primeMmap);
  }

  private static Device vkms(Machine machine, boolean exported) {
    ShmemHelper helper = new ShmemHelper(new DrmDevice(machine, "vkms"), false);
    return pages -> open(helper.create(pages), exported, GemPrime::mmap);
  }

  private static <T extends GemObject> ObjectUnderTest open(
      T object, boolean exported, GemPrime.MmapHook<? super T> hook) {
    OpenFile file = object.device().open(READ_WRITE);
    return exported
        ? PrimeBuffer.export(file, object, READ_WRITE, hook)
        : new DumbBuffer(file, object);
  }
}
