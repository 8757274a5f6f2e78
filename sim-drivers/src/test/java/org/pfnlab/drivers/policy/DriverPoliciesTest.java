package org.pfnlab.drivers.policy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.drivers.Rig;
import org.pfnlab.drivers.kind.ObjectUnderTest;

class DriverPoliciesTest {
  /** kernel and policies | kind | shared | private; "warned" where the kernel warned. */
  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "v6.1.192, dmaheap_system, ok, EINVAL",
    "v6.1.192+dmabuf-warn-pfnmap, dmaheap_system, ok, EINVAL warned",
    "v6.1.192+dmabuf-require-pfnmap, dmaheap_system, ok, EINVAL",
    "v6.1.192+heap-vm-insert-page, dmaheap_system, ok, ok",
    "v6.1.192+heap-vm-insert-page+dmabuf-warn-pfnmap, dmaheap_system, ok warned, ok warned",
    "v6.1.192+heap-vm-insert-page+dmabuf-require-pfnmap, dmaheap_system, EINVAL, EINVAL",
    "v6.1.192+heap-vm-insert-page+dmabuf-warn-special, dmaheap_system, ok, ok",
    "v6.1.192+heap-vm-insert-page+dmabuf-require-special, dmaheap_system, ok, ok",
    "v6.1.192+heap-vm-insert-page+dmabuf-refuse-cow, dmaheap_system, ok, EINVAL",
    "v6.1.192+heap-vm-insert-page+refuse-private-driver-mmap, dmaheap_system, ok, EINVAL",
    // In the thread's own kernel only the system heap would have passed.
    "v5.11+dmabuf-require-pfnmap, dmaheap_system, ok, EINVAL",
    "v5.11+dmabuf-require-pfnmap, vgem_dmabuf, EINVAL, EINVAL",
    "v5.11+dmabuf-require-special, vgem_dmabuf, ok, ok",
    "v5.11+dmabuf-require-pfnmap, vkms_dmabuf, EINVAL, EINVAL",
    "v5.11+dmabuf-warn-pfnmap, vkms_dmabuf, ok warned, ok warned",
    "v6.1.192+dmabuf-require-pfnmap, vkms_dmabuf, ok, EINVAL",
    "v6.18.2+dmabuf-require-pfnmap, qxl_dmabuf, ok, EINVAL",
    "v6.1.192+dmabuf-require-pfnmap, dmaheap_cma, EINVAL, EINVAL",
    "v6.1.192+cma-udmabuf-pfnmap+dmabuf-require-pfnmap, dmaheap_cma, ok, EINVAL",
    "v6.18.2+dmabuf-require-pfnmap, dmaheap_cma, ok, EINVAL",
    "v5.11+dmabuf-require-pfnmap, udmabuf, EINVAL, EINVAL",
    "v5.11+cma-udmabuf-pfnmap+dmabuf-require-pfnmap, udmabuf, ok, EINVAL",
    "v6.18.2+dmabuf-require-pfnmap, udmabuf, ok, EINVAL",
    // An exporter's own error is not hidden.
    "v6.1.192+dmabuf-require-pfnmap, qxl_dmabuf, ENOSYS, ENOSYS",
    "v6.1.192+dmabuf-warn-pfnmap, qxl_dmabuf, ENOSYS warned, ENOSYS warned",
    // Rules of dma-buf do not touch other mappings, and the general rule touches all.
    "v6.1.192+dmabuf-require-pfnmap, mod_d_sys_vm_insert_page, ok, ok",
    "v6.1.192+refuse-private-driver-mmap, mod_d_sys_vm_insert_page, ok, EINVAL",
    "v6.1.192+refuse-private-driver-mmap, mod_a_bar_remap_wc, ok, EINVAL",
    "v6.1.192+refuse-private-driver-mmap, mod_h_sys_fault_page, ok, ok",
    "v5.11+refuse-private-driver-mmap, bochs_dumb, ok, EINVAL",
  })
  void decides(String spec, String kind, String shared, String priv) {
    assertThat(map(spec, kind, Rig.SHARED)).isEqualTo(shared);
    assertThat(map(spec, kind, Rig.PRIVATE)).isEqualTo(priv);
  }

  private static String map(String spec, String kind, int flags) {
    Rig rig = Rig.boot(spec);
    ObjectUnderTest object = rig.open(kind, 4);
    String result = Rig.name(rig.map(object, 4, Rig.RW, flags));
    rig.check();
    return result + (rig.machine.kernel().log().warnings() > 0 ? " warned" : "");
  }

  /** The size check stands before the exporter, and so before every rule. */
  @Test
  void nobodyIsAskedAboutAMappingThatIsTooLong() {
    Rig rig = Rig.boot("v6.1.192+heap-vm-insert-page+dmabuf-warn-pfnmap");
    ObjectUnderTest object = rig.open("dmaheap_system", 4);
    assertThat(Rig.name(rig.map(object, 5, Rig.RW, Rig.SHARED))).isEqualTo("EINVAL");
    assertThat(rig.machine.kernel().log().warnings()).isZero();
  }

  /** What the patch of January 2021 wanted, and what Vetter objected to. */
  @Test
  void countedHeapPagesShowInRssAndCanBePinned() {
    Rig rig = Rig.boot("v6.1.192+heap-vm-insert-page");
    ObjectUnderTest object = rig.open("dmaheap_system", 4);
    long at = rig.map(object, 4, Rig.RW, Rig.SHARED);
    assertThat(rig.flags(at)).isEqualTo("mm");
    assertThat(rig.machine.smaps().of(rig.vma(at)).rss()).isEqualTo(4);
    assertThat(rig.gupSlow(at)).isEqualTo("1");
    assertThat(rig.gupFastOnly(at)).isEqualTo("1");
  }

  @Test
  void everyPolicySaysWhereItCameFrom() {
    assertThat(DriverPolicies.all()).extracting(Policy::name).doesNotHaveDuplicates();
    assertThat(DriverPolicies.all())
        .allSatisfy(
            policy -> {
              assertThat(policy.name()).matches("[a-z]+(-[a-z]+)*");
              assertThat(policy.origin()).hasSizeGreaterThan(40);
            });
  }
}
