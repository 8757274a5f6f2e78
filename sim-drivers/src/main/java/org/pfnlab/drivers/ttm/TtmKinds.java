package org.pfnlab.drivers.ttm;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.drivers.drm.DrmDevice;
import org.pfnlab.drivers.drm.DumbBuffer;
import org.pfnlab.drivers.drm.GemObject;
import org.pfnlab.drivers.drm.GemPrime;
import org.pfnlab.drivers.drm.PrimeBuffer;
import org.pfnlab.drivers.drm.ShmemHelper;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Placement;

/** The kinds of drivers that use TTM, or used it once. */
public final class TtmKinds {
  private static final int READ_WRITE = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;
  private static final long MIB = 1L << 20;

  private static final ImmutableList<Feature> BOCHS_FEATURES =
      ImmutableList.of(
          TtmFeatures.TTM_PFNMAP,
          TtmFeatures.TTM_POPULATE_SIGBUS,
          TtmFeatures.BOCHS_SHMEM,
          TtmFeatures.BOCHS_VRAM_WC,
          ShmemHelper.SHMEM_HELPER_PFNMAP,
          ShmemHelper.SHMEM_HELPER_REFUSES_COW,
          ShmemHelper.SHMEM_HELPER_COUNTS_FROM_START);

  private static final ImmutableList<Feature> TTM_FEATURES =
      ImmutableList.of(
          TtmFeatures.TTM_PFNMAP, TtmFeatures.TTM_POPULATE_SIGBUS, TtmFeatures.TTM_DUMMY_PAGE);

  private static final ImmutableList<Feature> QXL_FEATURES =
      ImmutableList.<Feature>builder()
          .addAll(TTM_FEATURES)
          .add(TtmFeatures.QXL_DUMB_IN_RAM, GemPrime.GEM_PRIME_MMAP_ALWAYS)
          .build();

  private static final ImmutableList<Kind> ALL =
      ImmutableList.of(
          new Kind(
              "bochs_dumb",
              "bochs dumb buffer in system memory",
              "drm_gem_ttm_mmap, later drm_gem_shmem_mmap",
              BOCHS_FEATURES,
              (machine, placement) -> bochs(machine, placement, false, false)),
          new Kind(
              "bochs_dumb_scanned_out_vram",
              "bochs dumb buffer pinned in video memory by scanning it out",
              "drm_gem_ttm_mmap, later drm_gem_shmem_mmap",
              BOCHS_FEATURES,
              (machine, placement) -> bochs(machine, placement, true, false)),
          new Kind(
              "bochs_dmabuf",
              "bochs dumb buffer exported as dma-buf",
              "drm_gem_prime_mmap",
              BOCHS_FEATURES,
              (machine, placement) -> bochs(machine, placement, false, true)),
          new Kind(
              "qxl_dumb",
              "qxl dumb buffer",
              "drm_gem_ttm_mmap",
              QXL_FEATURES,
              (machine, placement) -> qxl(machine, placement, false)),
          new Kind(
              "qxl_dmabuf",
              "qxl dumb buffer exported as dma-buf",
              "drm_gem_prime_mmap",
              QXL_FEATURES,
              (machine, placement) -> qxl(machine, placement, true)),
          new Kind(
              "amdgpu_vram",
              "amdgpu buffer in a 1 GiB BAR of video memory, reserved write-combined",
              "amdgpu_gem_object_mmap",
              TTM_FEATURES,
              (machine, placement) -> amdgpu(machine, placement, MemType.VRAM, false)),
          new Kind(
              "amdgpu_gtt",
              "amdgpu buffer in cached system memory",
              "amdgpu_gem_object_mmap",
              TTM_FEATURES,
              (machine, placement) -> amdgpu(machine, placement, MemType.SYSTEM, false)),
          new Kind(
              "amdgpu_dmabuf",
              "amdgpu buffer in cached system memory, exported as dma-buf",
              "amdgpu_gem_object_mmap",
              TTM_FEATURES,
              (machine, placement) -> amdgpu(machine, placement, MemType.SYSTEM, true)));

  private TtmKinds() {}

  /** All of them. */
  public static ImmutableList<Kind> all() {
    return ALL;
  }

  private static Device bochs(
      Machine machine, Placement placement, boolean scannedOut, boolean exported) {
    DrmDevice drm = new DrmDevice(machine, "bochs-drm");
    CacheMode mode =
        machine.kernel().has(TtmFeatures.BOCHS_VRAM_WC) ? CacheMode.WC : CacheMode.UC_MINUS;
    Bar bar = placement.choose(machine, 0xfc00_0000L, 16 * MIB);
    if (!reserve(machine, bar, mode)) {
      return pages -> ObjectUnderTest.refused(-Errno.ENODEV);
    }
    if (machine.kernel().has(TtmFeatures.BOCHS_SHMEM)) {
      ShmemHelper helper = new ShmemHelper(drm, false);
      return pages -> underTest(drm, helper.create(pages), exported);
    }
    if (exported) {
      return pages -> ObjectUnderTest.refused(-Errno.ENOSYS);
    }
    TtmDevice ttm = new TtmDevice(drm, bar, Caching.WRITE_COMBINED, TtmDriver.PLAIN);
    MemType where = scannedOut ? MemType.VRAM : MemType.SYSTEM;
    return pages -> underTest(drm, ttm.create(pages, where, Caching.CACHED), false);
  }

  private static Device qxl(Machine machine, Placement placement, boolean exported) {
    DrmDevice drm = new DrmDevice(machine, "qxl");
    Bar surfaces = placement.choose(machine, 0xf000_0000L, 64 * MIB);
    if (!reserve(machine, surfaces, CacheMode.WC)) {
      return pages -> ObjectUnderTest.refused(-Errno.ENODEV);
    }
    TtmDevice ttm = new TtmDevice(drm, surfaces, Caching.CACHED, TtmDriver.PLAIN);
    MemType where =
        machine.kernel().has(TtmFeatures.QXL_DUMB_IN_RAM) ? MemType.SYSTEM : MemType.VRAM;
    return pages -> underTest(drm, ttm.create(pages, where, Caching.CACHED), exported);
  }

  private static Device amdgpu(
      Machine machine, Placement placement, MemType where, boolean exported) {
    DrmDevice drm = new DrmDevice(machine, "amdgpu");
    Bar vram = placement.choose(machine, 0x40_0000_0000L, 1024 * MIB);
    if (!reserve(machine, vram, CacheMode.WC)) {
      return pages -> ObjectUnderTest.refused(-Errno.ENODEV);
    }
    TtmDevice ttm = new TtmDevice(drm, vram, Caching.WRITE_COMBINED, new Amdgpu());
    return pages -> {
      TtmBo bo = ttm.create(pages, where, Caching.CACHED);
      if (bo == null || !exported) {
        return underTest(drm, bo, false);
      }
      return PrimeBuffer.export(drm.open(READ_WRITE), bo, READ_WRITE, GemPrime::mmap);
    };
  }

  /** The driver maps its BAR into the kernel once, and with that reserves its cache mode. */
  private static boolean reserve(Machine machine, Bar bar, CacheMode mode) {
    return machine.ioRemap().ioremap(bar.base(), bar.size(), mode) != 0;
  }

  private static ObjectUnderTest underTest(
      DrmDevice drm, @Nullable GemObject object, boolean exported) {
    if (object == null) {
      return ObjectUnderTest.refused(-Errno.ENOSPC);
    }
    OpenFile file = drm.open(READ_WRITE);
    return exported
        ? PrimeBuffer.export(file, object, READ_WRITE, null)
        : new DumbBuffer(file, object);
  }

  /** Reads video memory for debuggers, and moves buffers with its copy engine. */
  private static final class Amdgpu implements TtmDriver {
    @Override
    public boolean canAccessVram() {
      return true;
    }

    @Override
    public boolean movesAsynchronously() {
      return true;
    }
  }
}
