package org.pfnlab.drivers;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Opened;

/**
 * What a program sees of every kind in three kernels: whether it may map it, which flags the driver
 * left, what the first load writes, and whether get_user_pages gets the page.
 */
class KindTableTest {
  private static final ImmutableList<String> KERNELS =
      ImmutableList.of("v5.11", "v6.1.192", "v6.18.2");

  /** flags | entry after a load | slow GUP | what the lockless walk of fast GUP gets. */
  @ParameterizedTest(name = "{0} shared")
  @CsvSource(
      delimiter = ';',
      value = {
        "mod_a_bar_remap_wc; pf io de ar dd | WC special w | EFAULT | 0; =; pf io de dd | WC"
            + " special w | EFAULT | 0",
        "mod_a_bar_remap_ucminus; pf io de ar dd | UC- special w | EFAULT | 0; =; pf io de dd | UC-"
            + " special w | EFAULT | 0",
        "mod_b_bar_insert_pfn_wc; pf io de dd | WC special w | EFAULT | 0; =; =",
        "mod_b_bar_insert_pfn_wc_noreserve; pf io de dd | UC- special w | EFAULT | 0; =; =",
        "mod_b2_bar_insert_pfn_prot_wc; pf io de dd | WC special w | EFAULT | 0; =; =",
        "mod_c_bar_iomap_prefault; pf io de dd | WC special w | EFAULT | 0; =; =",
        "mod_d_sys_vm_insert_page; mm | WB w | 1 | 1; =; =",
        "mod_e_sys_insert_pfn; pf de dd | WB special w | EFAULT | 0; =; =",
        "mod_f_sys_insert_mixed; de dd mm | WB special w | EFAULT | 0; de dd mm | WB special w |"
            + " EEXIST | 0; =",
        "mod_g_sys_remap_pfn_range; pf io de ar dd | WB special w | EFAULT | 0; =; pf io de dd | WB"
            + " special w | EFAULT | 0",
        "mod_g2_sys_remap_each; pf io de dd | WB special w | EFAULT | 0; =; =",
        "mod_h_sys_fault_page;  | WB w | 1 | 1; =; =",
        "mod_i_bar_huge_pfn; pf io de dd | WC special w | EFAULT | 0; =; =",
        "mod_j_dma_coherent_direct; pf io de ar dd | WB special w | EFAULT | 0; =; pf io de dd | WB"
            + " special w | EFAULT | 0",
        "mod_j_dma_coherent_iommu; mm | WB w | 1 | 1; =; =",
        "mod_k_dma_wc_direct; pf io de ar dd | WB special w | EFAULT | 0; =; pf io de dd | WB"
            + " special w | EFAULT | 0",
        "mod_k_dma_wc_iommu; mm | WB w | 1 | 1; =; =",
        "mod_l_dma_noncontiguous_direct; ENOSYS; pf io de ar dd | WB special w | EFAULT | 0; pf io"
            + " de dd | WB special w | EFAULT | 0",
        "mod_l_dma_noncontiguous_iommu; ENOSYS; mm | WB w | 1 | 1; =",
        "mod_m_dma_force_contiguous_iommu; pf io de ar dd | WB special w | EFAULT | 0; =; pf io de"
            + " dd | WB special w | EFAULT | 0",
        "mod_n_dma_pages_iommu; pf io de ar dd | WB special w | EFAULT | 0; =; pf io de dd | WB"
            + " special w | EFAULT | 0",
        "devmem_bar; pf io de ar dd | WB special w | EFAULT | 0; =; pf io de dd | WB special w |"
            + " EFAULT | 0",
        "devmem_bar_osync; pf io de ar dd | UC- special w | EFAULT | 0; =; pf io de dd | UC-"
            + " special w | EFAULT | 0",
        "devmem_system_ram; EINVAL; EINVAL; pf io de dd | WB special w | EFAULT | 0",
        "devmem_ram_hole; pf io de ar dd | WB special w | EFAULT | 0; =; pf io de dd | WB special w"
            + " | EFAULT | 0",
        "pcisysfs_resource2; pf io de ar dd | UC- special w | EFAULT | 0; =; pf io de dd | UC-"
            + " special w | EFAULT | 0",
        "pcisysfs_resource2_wc; pf io de ar dd | WC special w | EFAULT | 0; =; pf io de dd | WC"
            + " special w | EFAULT | 0",
        "dmaheap_system; pf io de dd | WB special w | EFAULT | 0; =; =",
        "dmaheap_cma;  | WB w | 1 | 1; =; pf io de dd | WB special w | EFAULT | 0",
        "udmabuf;  | WB w | 1 | 1; =; pf de dd | WB special w | EFAULT | 0",
        "bochs_dumb; io de dd mm | WB special w | EFAULT | 0; pf io de dd | WB special w | EFAULT |"
            + " 0; pf de dd | WB special w | EFAULT | 0",
        "bochs_dumb_scanned_out_vram; io de dd mm | UC- special w | EFAULT | 0; pf io de dd | UC-"
            + " special w | EFAULT | 0; pf de dd | WB special w | EFAULT | 0",
        "bochs_dmabuf; ENOSYS; ENOSYS; pf de dd | WB special w | EFAULT | 0",
        "qxl_dumb; io de dd mm | WC special w | EFAULT | 0; pf io de dd | WB special w | EFAULT |"
            + " 0; =",
        "qxl_dmabuf; ENOSYS; ENOSYS; pf io de dd | WB special w | EFAULT | 0",
        "amdgpu_vram; io de dd mm | WC special w | EFAULT | 0; pf io de dd | WC special w | EFAULT"
            + " | 0; =",
        "amdgpu_gtt; io de dd mm | WB special w | EFAULT | 0; pf io de dd | WB special w | EFAULT |"
            + " 0; =",
        "vgem_dumb; de dd | WC w | 1 | 1; pf de dd | WC special w | EFAULT | 0; =",
        "vgem_dmabuf; de dd | WC w | 1 | 1; pf de dd | WC special w | EFAULT | 0; =",
        "vkms_dumb; de mm | WB w | 1 | 1; pf de dd | WB special w | EFAULT | 0; =",
        "vkms_dmabuf; de mm | WB w | 1 | 1; pf de dd | WB special w | EFAULT | 0; =",
        "i915_gtt; pf de dd | WC special w | EFAULT | 0; pf io de dd | WC special w | EFAULT | 0;"
            + " =",
        "i915_gtt_partial; pf de dd | WC special w | EFAULT | 0; pf io de dd | WC special w |"
            + " EFAULT | 0; =",
      })
  void mapsShared(String kind, String v511, String v61, String v618) {
    List<String> expected = ImmutableList.of(v511, v61, v618);
    String before = "";
    for (int i = 0; i < KERNELS.size(); i++) {
      String want = expected.get(i).equals("=") ? before : expected.get(i);
      assertThat(shared(Rig.boot(KERNELS.get(i)), kind)).as(KERNELS.get(i)).isEqualTo(want);
      before = want;
    }
  }

  private static String shared(Rig rig, String kind) {
    ObjectUnderTest object = rig.open(kind, 4);
    if (object.errno() != 0) {
      return Errno.name(object.errno());
    }
    long at = rig.map(object, 4, Rig.RW, Rig.SHARED);
    if (Errno.isError(at)) {
      return Errno.name(at);
    }
    assertThat(rig.load(at)).isEqualTo("1111222233330000");
    assertThat(rig.load(at + 0x3000)).isEqualTo("1111222233330003");
    String answer =
        String.join(" | ", rig.flags(at), rig.entry(at), rig.gupSlow(at), rig.gupFastOnly(at));
    assertThat(rig.store(at + 0x2000, 0xabc)).isEqualTo("ok");
    assertThat(object.word(2)).isEqualTo(0xabc);
    rig.check();
    rig.munmap(at, 4);
    object.close();
    rig.check();
    return answer.strip();
  }

  /** What MAP_PRIVATE gives, and what fast and slow GUP get of a page after a store to it. */
  @ParameterizedTest(name = "{0} private")
  @CsvSource(
      delimiter = ';',
      value = {
        "mod_a_bar_remap_wc; 1 EFAULT; =; =",
        "mod_b_bar_insert_pfn_wc; EINVAL; =; =",
        "mod_c_bar_iomap_prefault; 1 EFAULT; =; =",
        "mod_d_sys_vm_insert_page; 1 1; =; =",
        "mod_e_sys_insert_pfn; EINVAL; =; =",
        "mod_f_sys_insert_mixed; 1 1; =; =",
        "mod_g_sys_remap_pfn_range; 1 EFAULT; =; =",
        "mod_g2_sys_remap_each; EINVAL; =; =",
        "mod_h_sys_fault_page; 1 1; =; =",
        "mod_i_bar_huge_pfn; EINVAL; =; =",
        "mod_j_dma_coherent_direct; 1 EFAULT; =; =",
        "mod_j_dma_coherent_iommu; 1 1; =; =",
        "mod_m_dma_force_contiguous_iommu; 1 EFAULT; =; =",
        "devmem_bar; 1 EFAULT; =; =",
        "pcisysfs_resource2_wc; 1 EFAULT; =; =",
        "dmaheap_system; EINVAL; =; =",
        "dmaheap_cma; EINVAL; =; =",
        "udmabuf; EINVAL; =; =",
        "bochs_dumb; 1 EFAULT; EINVAL; =",
        "qxl_dumb; 1 EFAULT; EINVAL; =",
        "amdgpu_vram; 1 EFAULT; EINVAL; =",
        "vgem_dumb; 1 1; EINVAL; =",
        "vgem_dmabuf; 1 1; EINVAL; =",
        "vkms_dumb; 1 1; EINVAL; =",
        "i915_gtt; 1 EFAULT; =; =",
      })
  void mapsPrivate(String kind, String v511, String v61, String v618) {
    List<String> expected = ImmutableList.of(v511, v61, v618);
    String before = "";
    for (int i = 0; i < KERNELS.size(); i++) {
      String want = expected.get(i).equals("=") ? before : expected.get(i);
      assertThat(copied(Rig.boot(KERNELS.get(i)), kind)).as(KERNELS.get(i)).isEqualTo(want);
      before = want;
    }
  }

  private static String copied(Rig rig, String kind) {
    ObjectUnderTest object = rig.open(kind, 4);
    long at = rig.map(object, 4, Rig.RW, Rig.PRIVATE);
    if (Errno.isError(at)) {
      return Errno.name(at);
    }
    assertThat(rig.load(at)).isEqualTo("1111222233330000");
    assertThat(rig.store(at, 0x77)).isEqualTo("ok");
    assertThat(rig.load(at)).isEqualTo("77");
    assertThat(object.word(0)).as("the object itself").isEqualTo(Rig.pattern(0));
    rig.check();
    return rig.gupFastOnly(at) + " " + rig.gupSlow(at);
  }

  /**
   * One page too long; an offset of one page, and the page that it leads to; another open of it.
   */
  @ParameterizedTest(name = "{0} limits")
  @CsvSource(
      delimiter = ';',
      value = {
        "mod_a_bar_remap_wc; EINVAL 1111222233330001 ok; =; =",
        "mod_d_sys_vm_insert_page; EINVAL 1111222233330001 ok; =; =",
        "mod_j_dma_coherent_direct; ENXIO 1111222233330001 ok; =; =",
        "mod_j_dma_coherent_iommu; ENXIO 1111222233330001 ok; =; =",
        "devmem_bar; ok 1111222233330001 ok; =; =",
        "pcisysfs_resource2_wc; EINVAL 1111222233330001 ok; =; =",
        "dmaheap_system; EINVAL 1111222233330001 ENXIO; =; =",
        "dmaheap_cma; EINVAL 1111222233330001 ENXIO; =; =",
        "udmabuf; EINVAL 1111222233330001 ENXIO; =; =",
        "bochs_dumb; EINVAL EINVAL EACCES; =; =",
        "bochs_dmabuf; ENOSYS; ENOSYS; EINVAL 1111222233330000 ENXIO",
        "qxl_dumb; EINVAL EINVAL EACCES; =; =",
        "qxl_dmabuf; EINVAL ENOSYS ENXIO; =; EINVAL 1111222233330001 ENXIO",
        "vgem_dmabuf; EINVAL 1111222233330001 ENXIO; EINVAL 1111222233330000 ENXIO; =",
        "vkms_dmabuf; EINVAL 1111222233330001 ENXIO; EINVAL 1111222233330000 ENXIO; =",
        "vkms_dumb_map_of_imported_vgem; EINVAL; EINVAL; EINVAL",
        "i915_gtt; EINVAL EINVAL EACCES; =; =",
      })
  void limits(String kind, String v511, String v61, String v618) {
    List<String> expected = ImmutableList.of(v511, v61, v618);
    String before = "";
    for (int i = 0; i < KERNELS.size(); i++) {
      String want = expected.get(i).equals("=") ? before : expected.get(i);
      assertThat(atTheEdges(Rig.boot(KERNELS.get(i)), kind)).as(KERNELS.get(i)).isEqualTo(want);
      before = want;
    }
  }

  private static String atTheEdges(Rig rig, String kind) {
    ObjectUnderTest object = rig.open(kind, 4);
    if (object.errno() != 0) {
      return Errno.name(object.errno());
    }
    String tooLong = Rig.name(rig.map(object, object.pages() + 1, Rig.RW, Rig.SHARED));
    long at = rig.map(object.file(), object.offset() + 4096, 1, Rig.RW, Rig.SHARED);
    String second = Errno.isError(at) ? Errno.name(at) : rig.load(at);
    Opened again = object.reopen(OpenFile.FMODE_READ);
    String reopened =
        again.errno() != 0
            ? Errno.name(again.errno())
            : Rig.name(rig.map(again.file(), object.offset(), 4, Rig.R, Rig.SHARED));
    rig.check();
    return String.join(" ", tooLong, second, reopened);
  }

  /** Behind what their processes hold, drivers keep nothing: closing everything frees it all. */
  @ParameterizedTest
  @CsvSource({
    "dmaheap_system, v6.1.192",
    "dmaheap_cma, v6.1.192",
    "dmaheap_cma, v6.18.2",
    "udmabuf, v5.11",
    "udmabuf, v6.18.2",
    "bochs_dumb, v6.1.192",
    "bochs_dumb, v6.18.2",
    "qxl_dmabuf, v6.18.2",
    "vgem_dumb, v5.11",
    "vgem_dmabuf, v5.11",
    "vgem_dmabuf, v6.1.192",
    "i915_gtt, v6.1.192"
  })
  void freesEverythingAtTheEnd(String kind, String kernel) {
    Rig rig = Rig.boot(kernel);
    var device = KindCatalog.standard().find(kind).on(rig.machine);
    long free = rig.machine.frames().buddy().freePages();
    ObjectUnderTest object = device.open(32);
    rig.fill(object, 32);
    long at = rig.map(object, 32, Rig.RW, Rig.SHARED);
    rig.load(at);
    object.close();
    assertThat(rig.load(at + 0x1000)).as("the mapping keeps it").isEqualTo("1111222233330001");
    rig.check();
    rig.munmap(at, 32);
    rig.check();
    assertThat(rig.machine.frames().buddy().freePages()).isEqualTo(free);
  }
}
