package org.pfnlab.lab.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.lab.audit.Exporter.Iommu;
import org.pfnlab.lab.spec.KernelSpec;

/**
 * The audit of the source, as a table that was made by reading: every row must come out of a run.
 */
class AuditTest {
  private static final ImmutableMap<String, Audit> AUDITS =
      ImmutableMap.of(
          "v5.11", run("v5.11", Iommu.ANY),
          "v6.1.192", run("v6.1.192", Iommu.ANY),
          "v6.18.2", run("v6.18.2", Iommu.ANY));

  private static Audit run(String kernel, Iommu iommu) {
    return Audit.run(KernelSpec.parse(kernel), Rule.PFNMAP, iommu, KindCatalog.standard());
  }

  private static Audit audit(String kernel) {
    Audit audit = AUDITS.get(kernel);
    if (audit == null) {
      throw new IllegalArgumentException(kernel);
    }
    return audit;
  }

  private static Audit.Line line(String kernel, String exporter, String iommu) {
    for (Audit.Entry entry : audit(kernel).entries()) {
      for (Audit.Line line : entry.lines()) {
        if (entry.exporter().name().equals(exporter)
            && line.variant().iommu().toString().equals(iommu)) {
          return line;
        }
      }
    }
    throw new IllegalArgumentException(exporter + " " + iommu);
  }

  /** exporter | IOMMU; flags; VM_PFNMAP? | MAP_PRIVATE; slow, fast GUP; offset. */
  @ParameterizedTest(name = "{0} {1}")
  @CsvSource(
      delimiter = ';',
      value = {
        "system heap; any; IO PFNMAP DONTEXPAND DONTDUMP; EINVAL, one page copies; no no; honoured",
        "cma heap; any; none; EINVAL; yes yes; honoured",
        "udmabuf; any; none; EINVAL; yes yes; honoured",
        "vb2 dma-contig; off; IO PFNMAP DONTEXPAND DONTDUMP; copies; no no; honoured",
        "vb2 dma-contig; on; MIXEDMAP DONTEXPAND DONTDUMP; copies; yes yes; honoured",
        "vb2 dma-sg; any; MIXEDMAP DONTEXPAND DONTDUMP; copies; yes yes; honoured",
        "vb2 vmalloc; any; MIXEDMAP DONTEXPAND DONTDUMP; copies; yes yes; ignored",
        "fastrpc; off; IO PFNMAP DONTEXPAND DONTDUMP; copies; no no; ENXIO",
        "fastrpc; on; MIXEDMAP; copies; yes yes; ENXIO",
        "i915 integrated; any; none; copies; yes yes; honoured",
        "i915 discrete; any; IO PFNMAP DONTEXPAND DONTDUMP; BUG; no no; honoured",
        "omapdrm; any; IO MIXEDMAP DONTEXPAND DONTDUMP; copies; no no; ignored",
        "tegra paged; on; IO MIXEDMAP DONTEXPAND DONTDUMP; copies; no yes; ignored",
        "tegra contiguous; off; IO PFNMAP DONTEXPAND DONTDUMP; copies; no no; ignored",
        "tegra contiguous; on; IO MIXEDMAP DONTEXPAND DONTDUMP; copies; no yes; ignored",
        "mbochs; any; none; EINVAL; yes yes; honoured",
        "shmem helper; any; PFNMAP DONTEXPAND DONTDUMP; EINVAL; no no; ignored",
        "DMA helper; off; IO PFNMAP DONTEXPAND DONTDUMP; copies; no no; ENXIO",
        "DMA helper; on; MIXEDMAP DONTEXPAND; copies; yes yes; ENXIO",
        "TTM; any; IO PFNMAP DONTEXPAND DONTDUMP; EINVAL; no no; honoured",
        "etnaviv; any; IO MIXEDMAP DONTEXPAND DONTDUMP; copies; no yes; ignored",
        "msm; any; PFNMAP DONTEXPAND DONTDUMP; BUG; no no; ignored",
        "exynos; off; IO PFNMAP DONTEXPAND DONTDUMP; copies; no no; ignored",
        "exynos; on; IO MIXEDMAP DONTEXPAND DONTDUMP; copies; no yes; ignored",
        "mediatek; off; IO PFNMAP DONTEXPAND DONTDUMP; copies; no no; ignored",
        "mediatek; on; IO MIXEDMAP DONTEXPAND DONTDUMP; copies; no yes; ignored",
        "rockchip iommu; on; IO MIXEDMAP DONTEXPAND DONTDUMP; copies; no yes; ignored",
        "rockchip dma; off; IO PFNMAP DONTEXPAND DONTDUMP; copies; no no; ignored",
        "xen front; any; MIXEDMAP DONTEXPAND; copies; yes yes; ignored",
        "virtio-gpu blob; any; IO PFNMAP MIXEDMAP DONTEXPAND DONTDUMP; copies; no no; EINVAL",
      })
  void rowsOfTheAudit(
      String exporter, String iommu, String flags, String copied, String gup, String offset) {
    Measurement seen = line("v6.1.192", exporter, iommu).seen();
    assertThat(FlagNames.of(seen.flags())).isEqualTo(flags);
    assertThat(seen.passes(Rule.PFNMAP)).isEqualTo(flags.contains("PFNMAP"));
    assertThat(seen.privately()).isEqualTo(copied);
    assertThat(works(seen.slow()) + " " + works(seen.fast())).isEqualTo(gup);
    assertThat(seen.offset()).isEqualTo(offset);
  }

  private static String works(String gup) {
    return gup.equals("works") ? "yes" : "no";
  }

  @ParameterizedTest
  @CsvSource({
    "v6.1.192, armada, EINVAL",
    "v6.1.192, i915 mock, ENODEV",
    "v6.1.192, qxl, ENOSYS",
    "v6.1.192, vmwgfx, EINVAL",
    "v6.18.2, tee heap, EINVAL"
  })
  void whatCannotBeMapped(String kernel, String exporter, String errno) {
    assertThat(line(kernel, exporter, "any").seen().shared()).isEqualTo(errno);
  }

  @Test
  void totalsOfTheAudit() {
    Audit audit = audit("v6.1.192");
    assertThat(audit.live()).hasSize(24);
    assertThat(audit.passing())
        .containsExactly(
            "system heap",
            "i915 discrete",
            "shmem helper",
            "TTM",
            "msm",
            "rockchip dma",
            "virtio-gpu blob");
    assertThat(audit.depending())
        .containsExactly(
            "vb2 dma-contig", "fastrpc", "tegra contiguous", "DMA helper", "exynos", "mediatek");
    assertThat(audit.failing())
        .containsExactly(
            "cma heap",
            "udmabuf",
            "vb2 dma-sg",
            "vb2 vmalloc",
            "i915 integrated",
            "omapdrm",
            "tegra paged",
            "mbochs",
            "etnaviv",
            "rockchip iommu",
            "xen front");
    assertThat(audit.refusingCow())
        .containsExactly("cma heap", "udmabuf", "mbochs", "shmem helper", "TTM");
    assertThat(audit.passingBoth()).containsExactly("shmem helper", "TTM");
    assertThat(audit.refusing()).containsExactly("armada", "i915 mock", "qxl");
    assertThat(audit.withoutMmap()).containsExactly("vmwgfx", "habanalabs", "xen gntdev");
  }

  /** Who passed in the thread's own kernel. */
  @Test
  void whatWasDifferentBefore() {
    Audit audit = audit("v5.11");
    assertThat(audit.passing())
        .containsExactly("system heap", "rockchip dma", "virtio-gpu blob", "tee_shm");
    assertThat(audit.depending()).isEqualTo(audit("v6.1.192").depending());
    assertThat(audit.failing())
        .contains("shmem helper", "TTM", "msm", "vgem", "etnaviv", "i915 integrated");
    assertThat(audit.live()).doesNotContain("i915 discrete", "xe", "amdxdna");
    assertThat(audit.refusingCow()).containsExactly("cma heap", "udmabuf", "mbochs");
    assertThat(audit.passingBoth()).isEmpty();
  }

  @Test
  void whatIsDifferentSince() {
    Audit audit = audit("v6.18.2");
    assertThat(audit.passingBoth())
        .containsExactly("cma heap", "udmabuf", "shmem helper", "TTM", "qxl", "xe");
    assertThat(audit.passing()).contains("etnaviv", "amdxdna ubuf", "msm", "i915 discrete");
    assertThat(audit.depending()).isEqualTo(audit("v6.1.192").depending());
    assertThat(audit.failing())
        .containsExactly(
            "vb2 dma-sg",
            "vb2 vmalloc",
            "i915 integrated",
            "omapdrm",
            "tegra paged",
            "mbochs",
            "rockchip iommu",
            "xen front",
            "amdxdna");
    assertThat(audit.refusingCow()).contains("amdxdna").doesNotContain("etnaviv", "amdxdna ubuf");
    assertThat(audit.withoutMmap()).contains("tee heap");
  }

  /** The shared rule of RDMA also refuses what a read-only descriptor gives. */
  @Test
  void rulesDifferByReadOnlyDescriptors() {
    Audit audit = audit("v6.1.192");
    assertThat(audit.names(entry -> entry.passes(Rule.SHARED))).containsExactly("mbochs");
    assertThat(audit.names(entry -> entry.passes(Rule.MAYSHARE))).isEqualTo(audit.refusingCow());
    assertThat(audit.names(entry -> entry.fails(Rule.SPECIAL)))
        .containsExactly("cma heap", "udmabuf", "i915 integrated", "mbochs");
  }

  @Test
  void oneMachineHasAnIommuOrNot() {
    Audit with = run("v6.1.192", Iommu.ON);
    Audit without = run("v6.1.192", Iommu.OFF);
    assertThat(with.depending()).isEmpty();
    assertThat(with.failing()).containsAll(audit("v6.1.192").depending());
    assertThat(with.live()).doesNotContain("rockchip dma");
    assertThat(without.passing()).containsAll(audit("v6.1.192").depending());
    assertThat(without.live()).doesNotContain("rockchip iommu", "tegra paged");
  }

  /** A release before the backport: the shmem helper's private mappings are still a BUG. */
  @Test
  void aBackportMakesTheDifference() {
    Audit audit = run("v6.1.0", Iommu.ANY);
    assertThat(audit.passingBoth()).containsExactly("TTM");
    for (Audit.Entry entry : audit.entries()) {
      if (entry.exporter().name().equals("shmem helper")) {
        assertThat(entry.lines().get(0).seen().privately()).isEqualTo("BUG");
      }
    }
  }

  /** A rule that is installed refuses, in a run, exactly those who fail the audit. */
  @Test
  void theRuleAsAPolicyRefusesWhoFails() {
    Audit installed = run("v6.1.192+dmabuf-require-pfnmap", Iommu.ANY);
    Set<String> lost = new TreeSet<>(audit("v6.1.192").live());
    lost.removeAll(installed.live());
    assertThat(lost).isEqualTo(new TreeSet<>(audit("v6.1.192").failing()));
  }

  /** Canary: an exporter that maps in another way is noticed. */
  @Test
  void noticesAnotherMechanism() {
    Map<String, Kind> kinds =
        new HashMap<>(
            KindCatalog.standard().kinds().stream()
                .collect(Collectors.toMap(Kind::name, kind -> kind)));
    Kind udmabuf = kinds.get("udmabuf");
    kinds.put(
        "vkms_dmabuf",
        new Kind(
            "vkms_dmabuf", udmabuf.about(), udmabuf.symbol(), udmabuf.features(), udmabuf.probe()));
    Audit audit =
        Audit.run(
            KernelSpec.parse("v6.1.192"),
            Rule.PFNMAP,
            Iommu.ANY,
            KindCatalog.of(List.copyOf(kinds.values())));
    assertThat(audit.passing()).hasSize(6).doesNotContain("shmem helper");
  }
}
