package org.pfnlab.lab.report;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.lab.matrix.Evidence;
import org.pfnlab.lab.matrix.Matrix;
import org.pfnlab.lab.matrix.Operation;
import org.pfnlab.lab.matrix.Operations;
import org.pfnlab.lab.matrix.Subject;
import org.pfnlab.lab.matrix.Verdict;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Document;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.spec.PolicyCatalog;

/**
 * What user space may do to driver memory on one kernel, and which dma-bufs the rule "a dma-buf
 * mmap must be VM_PFNMAP" refuses, on that kernel and on those of the argument. Every cell is a
 * run.
 */
public final class DriverMemory implements Rules {
  private static final String RULE = "dmabuf-require-pfnmap";
  private static final String PATCH = "heap-vm-insert-page";

  private static final ImmutableList<String> SHOWN =
      ImmutableList.of(
          "mod_d_sys_vm_insert_page",
          "mod_f_sys_insert_mixed",
          "mod_a_bar_remap_wc",
          "mod_j_dma_coherent_direct",
          "mod_j_dma_coherent_iommu",
          "dmaheap_system",
          "dmaheap_cma",
          "vgem_dmabuf",
          "amdgpu_vram",
          "i915_gtt");

  private static final ImmutableList<String> DONE =
      ImmutableList.of("mmap", "store", "gup", "gup-fast", "vmsplice", "odirect-write", "fork");

  private static final ImmutableList<String> DMA_BUFS =
      ImmutableList.of(
          "dmaheap_system",
          "dmaheap_cma",
          "udmabuf",
          "vgem_dmabuf",
          "vkms_dmabuf",
          "qxl_dmabuf",
          "bochs_dmabuf");

  private final KernelSpec kernel;
  private final PolicyCatalog policies;

  /** Rules on this kernel; {@link #RULE} comes on top of it. */
  public DriverMemory(KernelSpec kernel, PolicyCatalog policies) {
    this.kernel = kernel;
    this.policies = policies;
  }

  @Override
  public void append(Document.Builder page) {
    page.heading("What may be done to driver memory");
    Matrix today = Matrix.run(ImmutableList.of(kernel), subjects(SHOWN), operations(DONE));
    page.table(table(today));
    page.items(legend(today));
    page.heading("If a dma-buf mmap must be VM_PFNMAP");
    page.items(changes());
    page.paragraph(
        "'pfnlab matrix --kernel "
            + kernel
            + " --kernel "
            + kernel
            + "+"
            + RULE
            + "' shows every kind and operation.");
  }

  private static Table table(Matrix matrix) {
    List<Column> columns = new ArrayList<>();
    columns.add(Column.words("kind", "kind"));
    columns.add(Column.words("map", "map"));
    for (Operation operation : matrix.operations()) {
      columns.add(Column.words(operation.name(), operation.name()));
    }
    Table.Builder table = Table.of(columns);
    for (Matrix.Row row : matrix.rows(0)) {
      List<Cell> cells = new ArrayList<>();
      cells.add(Cell.of(row.subject().name()));
      cells.add(Cell.of(row.type()));
      for (Verdict verdict : row.cells()) {
        cells.add(Cell.of(verdict.text()));
      }
      table.row(cells);
    }
    return table.build();
  }

  private static ImmutableList<String> legend(Matrix matrix) {
    ImmutableList.Builder<String> lines = ImmutableList.builder();
    for (Evidence evidence : Evidence.values()) {
      boolean occurs =
          matrix.rows(0).stream()
              .flatMap(row -> row.cells().stream())
              .anyMatch(
                  verdict ->
                      verdict.evidence() == evidence && !verdict.outcome().equals(Verdict.NOTHING));
      if (occurs) {
        lines.add(
            (evidence.mark().isEmpty() ? "no mark" : evidence.mark()) + ": " + evidence.meaning());
      }
    }
    return lines.build();
  }

  /** One line a kernel: the dma-bufs that the rule refuses. */
  private ImmutableList<String> changes() {
    List<KernelSpec> kernels = new ArrayList<>();
    kernels.add(kernel);
    for (String release : List.of("v5.11", "v6.1.192", "v6.18.2")) {
      KernelSpec spec = KernelSpec.parse(release, policies);
      if (!spec.toString().equals(kernel.toString())) {
        kernels.add(spec);
      }
    }
    if (!kernel.toString().contains(PATCH)) {
      kernels.add(kernel.withPolicy(PATCH, policies));
    }
    ImmutableList.Builder<String> lines = ImmutableList.builder();
    for (KernelSpec each : kernels) {
      lines.add(each + ": " + refused(each));
    }
    return lines.build();
  }

  private String refused(KernelSpec before) {
    if (before.toString().contains(RULE)) {
      return "the rule is in force already";
    }
    Matrix matrix =
        Matrix.run(
            ImmutableList.of(before, before.withPolicy(RULE, policies)),
            subjects(DMA_BUFS),
            operations(ImmutableList.of("mmap")));
    List<String> refused = new ArrayList<>();
    for (int i = 0; i < matrix.rows(0).size(); i++) {
      Matrix.Row old = matrix.rows(0).get(i);
      Matrix.Row now = matrix.rows(1).get(i);
      if (now.changes(old) > 0) {
        refused.add(
            "%s %s (%s -> %s)"
                .formatted(
                    old.subject().name(),
                    old.type(),
                    old.cells().get(0).seen(),
                    now.cells().get(0).seen()));
      }
    }
    return refused.isEmpty()
        ? "no dma-buf here is refused, all that can be mapped are VM_PFNMAP"
        : "refuses " + String.join(", ", refused);
  }

  private static ImmutableList<Subject> subjects(List<String> names) {
    ImmutableList.Builder<Subject> subjects = ImmutableList.builder();
    for (Subject subject : Subject.all(KindCatalog.standard())) {
      if (names.contains(subject.name())) {
        subjects.add(subject);
      }
    }
    return subjects.build();
  }

  private static ImmutableList<Operation> operations(List<String> names) {
    return names.stream().map(Operations::get).collect(ImmutableList.toImmutableList());
  }
}
