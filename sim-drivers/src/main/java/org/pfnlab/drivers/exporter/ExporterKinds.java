package org.pfnlab.drivers.exporter;

import static org.pfnlab.drivers.exporter.Recipe.FIXED;
import static org.pfnlab.drivers.exporter.Recipe.IO;
import static org.pfnlab.drivers.exporter.Recipe.IO_MIXED;
import static org.pfnlab.drivers.exporter.Recipe.IO_PFNMAP;
import static org.pfnlab.drivers.exporter.Recipe.PFNMAP;
import static org.pfnlab.drivers.exporter.Recipe.gem;
import static org.pfnlab.drivers.exporter.Recipe.own;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.drivers.kind.Kind;

/** The exporters that this package knows, one mechanism of a few lines each. */
public final class ExporterKinds {
  private static final Mechanism VB2_CONTIG =
      Mechanism.of(
          "vb2_contig_dmabuf",
          "videobuf2 buffer of the DMA API",
          "vb2_dc_mmap",
          own(Memory.DMA, Refusal.NONE, FIXED, Offset.KEPT, Filler.DMA_MMAP));

  private static final Mechanism VB2_SG =
      Mechanism.of(
          "vb2_sg_dmabuf",
          "videobuf2 buffer of single pages, vm_map_pages",
          "vb2_dma_sg_mmap",
          own(Memory.PAGES, Refusal.NONE, FIXED, Offset.KEPT, Filler.MAP_PAGES));

  private static final Mechanism VB2_VMALLOC =
      Mechanism.of(
          "vb2_vmalloc_dmabuf",
          "videobuf2 buffer of vmalloc memory, remap_vmalloc_range from its start",
          "vb2_vmalloc_mmap",
          own(Memory.PAGES, Refusal.NONE, 0, Offset.KEPT, Filler.REMAP_VMALLOC));

  private static final Mechanism FASTRPC =
      Mechanism.of(
          "fastrpc_dmabuf",
          "fastrpc buffer, dma_mmap_coherent told the VMA's length",
          "fastrpc_mmap",
          own(Memory.DMA, Refusal.NONE, 0, Offset.KEPT, Filler.DMA_MMAP_VMA_LENGTH));

  private static final Mechanism I915_INTEGRATED =
      Mechanism.of(
          "i915_integrated_dmabuf",
          "i915 buffer of an integrated GPU: its shmem file maps itself",
          "i915_gem_dmabuf_mmap",
          own(Memory.SHMEM, Refusal.NONE, 0, Offset.KEPT, Filler.SHMEM_FILE));

  private static final Mechanism I915_DISCRETE =
      Mechanism.only(
          ExporterFeatures.I915_DISCRETE_DMABUF,
          "i915_discrete_dmabuf",
          "i915 buffer in a discrete card's memory: TTM's fault without TTM's mmap",
          "i915_gem_mmap, ttm_bo_vm_fault",
          gem(Memory.BAR, Refusal.NONE, IO_PFNMAP, Offset.KEPT, Filler.FAULT_INSERT_PFN_PROT));

  private static final Mechanism OMAPDRM =
      Mechanism.of(
          "omapdrm_dmabuf",
          "omapdrm buffer, vmf_insert_mixed",
          "omap_gem_fault",
          gem(
              Memory.SHMEM,
              Refusal.NONE,
              IO_MIXED,
              Offset.FROM_VMA_START,
              Filler.FAULT_INSERT_MIXED));

  private static final Mechanism TEGRA_PAGED =
      Mechanism.of(
          "tegra_paged_dmabuf",
          "tegra buffer of single pages behind its IOMMU domain, vmf_insert_page",
          "tegra_bo_fault",
          gem(
              Memory.SHMEM,
              Refusal.NONE,
              IO_MIXED,
              Offset.FROM_VMA_START,
              Filler.FAULT_INSERT_PAGE));

  private static final Mechanism TEGRA_CONTIG =
      Mechanism.of(
          "tegra_contig_dmabuf",
          "tegra buffer of the DMA API, dma_mmap_wc",
          "__tegra_gem_mmap",
          gem(Memory.DMA, Refusal.NONE, IO, Offset.ZEROED, Filler.DMA_MMAP));

  private static final Mechanism ARMADA =
      Mechanism.of(
          "armada_dmabuf",
          "armada buffer, whose mmap operation refuses",
          "armada_gem_dmabuf_mmap",
          own(Memory.PAGES, Refusal.EVERYTHING, 0, Offset.KEPT, Filler.FAULT_PAGE));

  private static final Mechanism I915_MOCK =
      Mechanism.of(
          "i915_mock_dmabuf",
          "buffer of i915's selftests, whose mmap operation refuses",
          "mock_dmabuf_mmap",
          own(Memory.PAGES, Refusal.EVERYTHING_ENODEV, 0, Offset.KEPT, Filler.FAULT_PAGE));

  private static final Mechanism MBOCHS =
      Mechanism.of(
          "mbochs_dmabuf",
          "buffer of the mbochs sample, handed back by the fault handler",
          "mbochs_dmabuf_vm_fault",
          own(Memory.PAGES, Refusal.NOT_SHARED, 0, Offset.KEPT, Filler.FAULT_PAGE));

  private static final Mechanism DMA_HELPER =
      Mechanism.of(
              "gem_dma_dmabuf",
              "buffer of the GEM DMA helper, dma_mmap_wc told the VMA's length",
              "drm_gem_dma_mmap",
              gem(Memory.DMA, Refusal.NONE, IO, Offset.ZEROED, Filler.DMA_MMAP_VMA_LENGTH))
          .since(
              ExporterFeatures.DMA_HELPER_OBJECT_MMAP,
              gem(
                  Memory.DMA,
                  Refusal.NONE,
                  VmFlags.VM_DONTEXPAND,
                  Offset.REBASED,
                  Filler.DMA_MMAP_VMA_LENGTH));

  private static final Mechanism ETNAVIV =
      Mechanism.of(
              "etnaviv_dmabuf",
              "etnaviv buffer, vmf_insert_page, by v6.18 vmf_insert_pfn",
              "etnaviv_gem_fault",
              gem(
                  Memory.SHMEM,
                  Refusal.NONE,
                  IO_MIXED,
                  Offset.FROM_VMA_START,
                  Filler.FAULT_INSERT_PAGE))
          .since(
              ExporterFeatures.ETNAVIV_PFNMAP,
              gem(
                  Memory.SHMEM,
                  Refusal.NONE,
                  IO_PFNMAP,
                  Offset.FROM_VMA_START,
                  Filler.FAULT_INSERT_PFN));

  private static final Mechanism MSM =
      Mechanism.of(
              "msm_dmabuf",
              "msm buffer, vmf_insert_mixed, since v6.0 vmf_insert_pfn",
              "msm_gem_fault",
              gem(
                  Memory.SHMEM,
                  Refusal.NONE,
                  IO_MIXED,
                  Offset.FROM_VMA_START,
                  Filler.FAULT_INSERT_MIXED))
          .since(
              ExporterFeatures.MSM_PFNMAP,
              gem(
                  Memory.SHMEM,
                  Refusal.NONE,
                  PFNMAP,
                  Offset.FROM_VMA_START,
                  Filler.FAULT_INSERT_PFN));

  private static final Mechanism EXYNOS =
      Mechanism.of(
          "exynos_dmabuf",
          "exynos buffer, dma_mmap_attrs",
          "exynos_drm_gem_mmap_buffer",
          gem(Memory.DMA, Refusal.NONE, IO, Offset.ZEROED, Filler.DMA_MMAP));

  private static final Mechanism MEDIATEK =
      Mechanism.of(
          "mediatek_dmabuf",
          "mediatek buffer, dma_mmap_attrs",
          "mtk_drm_gem_object_mmap",
          gem(Memory.DMA, Refusal.NONE, IO, Offset.ZEROED, Filler.DMA_MMAP));

  private static final Mechanism ROCKCHIP_IOMMU =
      Mechanism.of(
          "rockchip_iommu_dmabuf",
          "rockchip buffer of single pages behind its IOMMU domain, vm_map_pages",
          "rockchip_drm_gem_object_mmap_iommu",
          gem(Memory.SHMEM, Refusal.NONE, IO, Offset.ZEROED, Filler.MAP_PAGES));

  private static final Mechanism ROCKCHIP_DMA =
      Mechanism.of(
          "rockchip_dma_dmabuf",
          "rockchip buffer of the DMA API without an IOMMU, dma_mmap_attrs",
          "rockchip_drm_gem_object_mmap_dma",
          gem(Memory.DMA, Refusal.NONE, IO, Offset.ZEROED, Filler.DMA_MMAP));

  private static final Mechanism XEN_FRONT =
      Mechanism.of(
          "xenfront_dmabuf",
          "Xen DRM front-end's buffer, vm_map_pages",
          "xen_drm_front_gem_object_mmap",
          gem(Memory.PAGES, Refusal.NONE, VmFlags.VM_DONTEXPAND, Offset.ZEROED, Filler.MAP_PAGES));

  private static final Mechanism VIRTIO_BLOB =
      Mechanism.of(
          "virtio_gpu_blob_dmabuf",
          "virtio-gpu blob in host-visible memory, the whole of it or nothing",
          "virtio_gpu_vram_mmap",
          gem(
              Memory.BAR,
              Refusal.PARTIAL,
              VmFlags.VM_MIXEDMAP | VmFlags.VM_DONTEXPAND,
              Offset.REBASED,
              Filler.REMAP));

  private static final Mechanism TEE_SHM =
      Mechanism.only(
          ExporterFeatures.TEE_SHM_DMABUF,
          "tee_shm_dmabuf",
          "shared memory of the TEE subsystem, remap_pfn_range",
          "tee_shm_op_mmap",
          own(Memory.DMA, Refusal.NONE, 0, Offset.KEPT, Filler.REMAP));

  private static final Mechanism AMDXDNA =
      Mechanism.only(
          ExporterFeatures.AMDXDNA,
          "amdxdna_dmabuf",
          "amdxdna buffer of the shmem helper, filled at once by vm_insert_pages",
          "amdxdna_gem_obj_mmap",
          gem(
              Memory.SHMEM,
              Refusal.COW,
              VmFlags.VM_MIXEDMAP | FIXED,
              Offset.KEPT,
              Filler.INSERT_PAGES));

  private static final Mechanism AMDXDNA_UBUF =
      Mechanism.only(
          ExporterFeatures.AMDXDNA_UBUF,
          "amdxdna_ubuf_dmabuf",
          "user pages that amdxdna exports again, vmf_insert_pfn",
          "amdxdna_ubuf_vm_fault",
          own(Memory.PAGES, Refusal.NONE, PFNMAP, Offset.KEPT, Filler.FAULT_INSERT_PFN));

  private static final Mechanism XE =
      Mechanism.only(
          ExporterFeatures.XE,
          "xe_dmabuf",
          "xe buffer in video memory: TTM's mmap and fault",
          "ttm_bo_mmap_obj, xe_gem_fault",
          gem(Memory.BAR, Refusal.COW, IO_PFNMAP, Offset.KEPT, Filler.FAULT_INSERT_PFN_PROT));

  private static final ImmutableList<Kind> ALL =
      ImmutableList.of(
          VB2_CONTIG.direct(),
          VB2_CONTIG.translated(),
          VB2_SG.kind(),
          VB2_VMALLOC.kind(),
          FASTRPC.direct(),
          FASTRPC.translated(),
          I915_INTEGRATED.kind(),
          I915_DISCRETE.kind(),
          OMAPDRM.kind(),
          TEGRA_PAGED.kind(),
          TEGRA_CONTIG.direct(),
          TEGRA_CONTIG.translated(),
          ARMADA.kind(),
          I915_MOCK.kind(),
          MBOCHS.kind(),
          noMmap("vmwgfx_prime_dmabuf", "vmwgfx surface", "vmw_prime_dmabuf_ops"),
          noMmap("habanalabs_dmabuf", "habanalabs memory", "habanalabs_dmabuf_ops"),
          noMmap("gntdev_dmabuf", "grant pages of xen gntdev", "dmabuf_exp_ops"),
          DMA_HELPER.direct(),
          DMA_HELPER.translated(),
          ETNAVIV.kind(),
          MSM.kind(),
          EXYNOS.direct(),
          EXYNOS.translated(),
          MEDIATEK.direct(),
          MEDIATEK.translated(),
          ROCKCHIP_IOMMU.kind(),
          ROCKCHIP_DMA.kind(),
          XEN_FRONT.kind(),
          VIRTIO_BLOB.kind(),
          TEE_SHM.kind(),
          AMDXDNA.kind(),
          AMDXDNA_UBUF.kind(),
          XE.kind(),
          Mechanism.only(
                  ExporterFeatures.TEE_HEAP,
                  "tee_heap_dmabuf",
                  "protected memory of a TEE heap: there is no mmap operation",
                  "tee_heap_buf_ops",
                  Recipe.noMmap())
              .kind());

  private ExporterKinds() {}

  private static Kind noMmap(String name, String what, String symbol) {
    return Mechanism.of(name, what + ": there is no mmap operation", symbol, Recipe.noMmap())
        .kind();
  }

  /** All of them, in the order of {@link Exporters}. */
  public static ImmutableList<Kind> all() {
    return ALL;
  }
}
