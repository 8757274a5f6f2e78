package org.pfnlab.lab.matrix;

import static com.google.common.collect.ImmutableSet.toImmutableSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Hooks;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.vma.Mmap;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.dmabuf.DmaBufs;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.spec.PolicyCatalog;

/** The matrix as a whole: what it says of policies, and that it notices when they do something. */
class MatrixTest {
  private static final ImmutableList<Subject> SUBJECTS = Subject.all(KindCatalog.standard());

  private static Matrix run(String... kernels) {
    return Matrix.run(
        List.of(kernels).stream().map(KernelSpec::parse).toList(), SUBJECTS, Operations.all());
  }

  private static ImmutableSet<String> changedKinds(Matrix matrix) {
    ImmutableSet.Builder<String> kinds = ImmutableSet.builder();
    for (int i = 0; i < matrix.rows(1).size(); i++) {
      if (matrix.rows(1).get(i).changes(matrix.rows(0).get(i)) > 0) {
        kinds.add(matrix.rows(1).get(i).subject().name());
      }
    }
    return kinds.build();
  }

  private static final ImmutableList<String> EXPORTERS_WITHOUT_PFNMAP =
      ImmutableList.of(
          "vb2_contig_dmabuf_iommu",
          "vb2_sg_dmabuf",
          "vb2_vmalloc_dmabuf",
          "fastrpc_dmabuf_iommu",
          "i915_integrated_dmabuf",
          "omapdrm_dmabuf",
          "tegra_paged_dmabuf",
          "tegra_contig_dmabuf_iommu",
          "mbochs_dmabuf",
          "gem_dma_dmabuf_iommu",
          "etnaviv_dmabuf",
          "exynos_dmabuf_iommu",
          "mediatek_dmabuf_iommu",
          "rockchip_iommu_dmabuf",
          "xenfront_dmabuf");

  /** The kinds whose mmap goes through dma-buf and leaves a VMA without VM_PFNMAP. */
  private static ImmutableSet<String> dmaBufsWithoutPfnmap(String kernel) {
    KernelSpec spec = KernelSpec.parse(kernel);
    return KindCatalog.standard().kinds().stream()
        .filter(
            kind -> {
              boolean[] found = new boolean[1];
              Machine machine =
                  new Machine(
                      MachineConfig.of(spec.profile())
                          .withPolicies(
                              ImmutableList.<Policy>builder()
                                  .addAll(spec.policies())
                                  .add(spy(found))
                                  .build()));
              ObjectUnderTest object = kind.on(machine).open(Scene.PAGES);
              if (object.errno() == 0) {
                new Scene(machine, object, true).map();
              }
              return found[0];
            })
        .map(kind -> kind.name())
        .collect(toImmutableSet());
  }

  private static Policy spy(boolean[] found) {
    return policy(
        "spy",
        hooks ->
            hooks.on(
                DmaBufs.AFTER_EXPORTER_MMAP,
                (vma, result) -> {
                  found[0] |= result == 0 && !vma.hasAny(VmFlags.VM_PFNMAP);
                  return result;
                }));
  }

  private interface Installer {
    void on(Hooks hooks);
  }

  private static Policy policy(String name, Installer installer) {
    return new Policy() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public String origin() {
        return "a test";
      }

      @Override
      public void install(Hooks hooks, Kernel kernel) {
        installer.on(hooks);
      }
    };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "v5.11",
        "v6.1.192",
        "v6.18.2",
        "v5.11+heap-vm-insert-page",
        "v6.1.192+heap-vm-insert-page",
        "v6.18.2+heap-vm-insert-page"
      })
  void requiringPfnmapChangesExactlyTheDmaBufsWithoutIt(String kernel) {
    Matrix matrix = run(kernel, kernel + "+dmabuf-require-pfnmap");
    assertThat(changedKinds(matrix)).isEqualTo(dmaBufsWithoutPfnmap(kernel));
  }

  @Test
  void heapThatInsertsPagesIsRefusedWherePfnmapIsRequired() {
    assertThat(
            changedKinds(
                run(
                    "v6.1.192+heap-vm-insert-page",
                    "v6.1.192+heap-vm-insert-page+dmabuf-require-pfnmap")))
        .startsWith("dmaheap_system", "dmaheap_cma", "udmabuf")
        .endsWith(EXPORTERS_WITHOUT_PFNMAP.toArray(new String[0]))
        .hasSize(3 + EXPORTERS_WITHOUT_PFNMAP.size());
    assertThat(changedKinds(run("v6.1.192", "v6.1.192+dmabuf-require-pfnmap")))
        .startsWith("dmaheap_cma", "udmabuf")
        .endsWith(EXPORTERS_WITHOUT_PFNMAP.toArray(new String[0]))
        .hasSize(2 + EXPORTERS_WITHOUT_PFNMAP.size());
    assertThat(
            changedKinds(
                run(
                    "v6.1.192+cma-udmabuf-pfnmap",
                    "v6.1.192+cma-udmabuf-pfnmap+dmabuf-require-pfnmap")))
        .containsExactlyElementsOf(EXPORTERS_WITHOUT_PFNMAP);
  }

  /** It fires for refused mappings too, of which nothing else can be asked. */
  @Test
  void warningChangesNothingButTheMark() {
    Matrix matrix =
        run("v6.1.192+heap-vm-insert-page", "v6.1.192+heap-vm-insert-page+dmabuf-warn-pfnmap");
    assertThat(changedKinds(matrix)).contains("dmaheap_system");
    for (int i = 0; i < matrix.rows(1).size(); i++) {
      for (int j = 0; j < matrix.operations().size(); j++) {
        Verdict before = matrix.rows(0).get(i).cells().get(j);
        Verdict now = matrix.rows(1).get(i).cells().get(j);
        assertThat(now.outcome()).isEqualTo(before.outcome());
        assertThat(now.warned()).isEqualTo(before.warned() || !now.sees(before));
        assertThat(j == 0 || now.sees(before)).isTrue();
      }
    }
  }

  /** A policy that refuses every driver's mmap must be seen, in every row of a driver. */
  @Test
  void canaryIsNoticed() {
    KernelSpec plain = KernelSpec.parse("v6.18.2");
    KernelSpec refusing =
        plain.withPolicy("refuse-all", PolicyCatalog.of(List.of(refuseEverything())));
    Matrix matrix = Matrix.run(List.of(plain, refusing), SUBJECTS, Operations.all());
    for (Matrix.Row row : matrix.rows(1)) {
      boolean anonymous = row.subject().kind() == null;
      assertThat(row.cells().get(0).outcome().equals(Verdict.OK))
          .as(row.subject() + " " + row.type())
          .isEqualTo(anonymous);
    }
    assertThat(matrix.changes(1)).isGreaterThan(500);
  }

  private static Policy refuseEverything() {
    return policy(
        "refuse-all", hooks -> hooks.on(Mmap.AFTER_DRIVER_MMAP, (Vma vma) -> -Errno.EPERM));
  }

  @ParameterizedTest
  @CsvSource({
    "v6.1.192, mod_a_bar_remap_wc, RECORDED",
    "v6.1.192, i915_gtt, READ",
    "v6.1, mod_a_bar_remap_wc, INFERRED",
    "v6.18.44, mod_a_bar_remap_wc, INFERRED",
    "v6.1.192+dmabuf-require-pfnmap, mod_a_bar_remap_wc, INFERRED",
    "v6.1.192-X86_PAT, mod_a_bar_remap_wc, INFERRED",
    "v6.1.192+X86_PAT, mod_a_bar_remap_wc, INFERRED",
  })
  void onlyRecordedReleasesAsTheyAreAreRecorded(String kernel, String kind, Evidence evidence) {
    Matrix matrix =
        Matrix.run(
            List.of(KernelSpec.parse(kernel)),
            SUBJECTS.stream().filter(subject -> subject.name().equals(kind)).toList(),
            Operations.essential());
    assertThat(matrix.rows())
        .allSatisfy(
            row ->
                assertThat(row.cells())
                    .allSatisfy(cell -> assertThat(cell.evidence()).isEqualTo(evidence)));
  }

  /** Cells have nothing to do with each other, nor with what was asked before. */
  @Test
  void orderDoesNotMatter() {
    Matrix matrix = run("v6.18.2");
    Matrix reversed = Matrix.run(matrix.kernels(), SUBJECTS.reverse(), Operations.all().reverse());
    int last = matrix.rows().size() - 1;
    for (int i = 0; i <= last; i++) {
      Matrix.Row row = matrix.rows().get(i);
      // Shared comes before private in both.
      Matrix.Row twin = reversed.rows().get((last - i) ^ 1);
      assertThat(twin.subject()).isEqualTo(row.subject());
      assertThat(twin.cells().reverse()).isEqualTo(row.cells());
    }
  }

  @Test
  void everyOperationSaysWhatItDoes() {
    assertThat(Operations.all()).allSatisfy(op -> assertThat(op.about()).isNotBlank());
    assertThat(Operations.all()).containsAll(Operations.essential());
    assertThat(Operations.names()).allSatisfy(name -> assertThat(name).matches("[a-z-]+"));
  }
}
