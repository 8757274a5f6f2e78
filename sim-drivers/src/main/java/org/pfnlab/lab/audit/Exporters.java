package org.pfnlab.lab.audit;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.drivers.vgem.VgemKinds;
import org.pfnlab.lab.audit.Exporter.Iommu;
import org.pfnlab.lab.audit.Exporter.Variant;

/**
 * The audit's list: every distinct way to map an exported buffer in v5.11, v6.1.192 and v6.18.2.
 * Left out: etnaviv's imported objects, which have their exporter's behaviour, the DMA helper's
 * non-coherent mode (ingenic), and exporters of v7.0.
 */
public final class Exporters {
  private static final ImmutableList<Exporter> ALL =
      ImmutableList.of(
          plain("system heap", "dma-buf/heaps/system_heap.c", "dmaheap_system"),
          plain("cma heap", "dma-buf/heaps/cma_heap.c", "dmaheap_cma"),
          plain("udmabuf", "dma-buf/udmabuf.c", "udmabuf"),
          either("vb2 dma-contig", "videobuf2-dma-contig.c", "vb2_contig_dmabuf"),
          plain("vb2 dma-sg", "videobuf2-dma-sg.c", "vb2_sg_dmabuf"),
          plain("vb2 vmalloc", "videobuf2-vmalloc.c", "vb2_vmalloc_dmabuf"),
          either("fastrpc", "misc/fastrpc.c", "fastrpc_dmabuf"),
          plain("i915 integrated", "i915/gem/i915_gem_dmabuf.c", "i915_integrated_dmabuf"),
          plain("i915 discrete", "i915/gem/i915_gem_mman.c", "i915_discrete_dmabuf"),
          plain("omapdrm", "omapdrm/omap_gem.c", "omapdrm_dmabuf"),
          one("tegra paged", "tegra/gem.c", "tegra_paged_dmabuf", Iommu.ON),
          either("tegra contiguous", "tegra/gem.c", "tegra_contig_dmabuf"),
          plain("armada", "armada/armada_gem.c", "armada_dmabuf"),
          plain("i915 mock", "i915/gem/selftests/mock_dmabuf.c", "i915_mock_dmabuf"),
          plain("mbochs", "samples/vfio-mdev/mbochs.c", "mbochs_dmabuf"),
          plain("vmwgfx", "vmwgfx/vmwgfx_prime.c", "vmwgfx_prime_dmabuf"),
          plain("habanalabs", "habanalabs/common/memory.c", "habanalabs_dmabuf"),
          plain("xen gntdev", "xen/gntdev-dmabuf.c", "gntdev_dmabuf"),
          plain("shmem helper", "drm_gem_shmem_helper.c", "vkms_dmabuf"),
          new Exporter(
              "vgem",
              "vgem/vgem_drv.c, before it used the shmem helper",
              false,
              VgemKinds.VGEM_SHMEM_HELPER,
              ImmutableList.of(new Variant("vgem_dmabuf", Iommu.ANY))),
          either("DMA helper", "drm_gem_dma_helper.c", "gem_dma_dmabuf"),
          plain("TTM", "ttm/ttm_bo_vm.c", "amdgpu_dmabuf"),
          plain("etnaviv", "etnaviv/etnaviv_gem.c", "etnaviv_dmabuf"),
          plain("msm", "msm/msm_gem.c", "msm_dmabuf"),
          either("exynos", "exynos/exynos_drm_gem.c", "exynos_dmabuf"),
          either("mediatek", "mediatek/mtk_drm_gem.c", "mediatek_dmabuf"),
          one("rockchip iommu", "rockchip_drm_gem.c", "rockchip_iommu_dmabuf", Iommu.ON),
          one("rockchip dma", "rockchip_drm_gem.c", "rockchip_dma_dmabuf", Iommu.OFF),
          plain("xen front", "xen/xen_drm_front_gem.c", "xenfront_dmabuf"),
          plain("virtio-gpu blob", "virtio/virtgpu_vram.c", "virtio_gpu_blob_dmabuf"),
          plain("qxl", "qxl/qxl_drv.c", "qxl_dmabuf"),
          inferred("tee_shm", "tee/tee_shm.c; its offset from memory", "tee_shm_dmabuf"),
          plain("amdxdna", "accel/amdxdna/amdxdna_gem.c", "amdxdna_dmabuf"),
          inferred("amdxdna ubuf", "amdxdna_ubuf.c; its offset inferred", "amdxdna_ubuf_dmabuf"),
          plain("xe", "xe/xe_bo.c", "xe_dmabuf"),
          plain("tee heap", "tee/tee_heap.c", "tee_heap_dmabuf"));

  private Exporters() {}

  /** All of them. */
  public static ImmutableList<Exporter> all() {
    return ALL;
  }

  /** The exporter that this kind is a variant of, or null. */
  public static @Nullable Exporter of(String kind) {
    for (Exporter exporter : ALL) {
      for (Variant variant : exporter.variants()) {
        if (variant.kind().equals(kind)) {
          return exporter;
        }
      }
    }
    return null;
  }

  private static Exporter plain(String name, String source, String kind) {
    return one(name, source, kind, Iommu.ANY);
  }

  private static Exporter inferred(String name, String source, String kind) {
    return new Exporter(name, source, true, null, ImmutableList.of(new Variant(kind, Iommu.ANY)));
  }

  private static Exporter one(String name, String source, String kind, Iommu iommu) {
    return new Exporter(name, source, false, null, ImmutableList.of(new Variant(kind, iommu)));
  }

  private static Exporter either(String name, String source, String kind) {
    return new Exporter(
        name,
        source,
        false,
        null,
        ImmutableList.of(
            new Variant(kind + "_direct", Iommu.OFF), new Variant(kind + "_iommu", Iommu.ON)));
  }
}
