package org.pfnlab.lab.matrix;

import com.google.common.collect.ImmutableList;
import java.util.List;
import org.pfnlab.lab.spec.KernelSpec;

/**
 * Kernels times subjects, mapped shared and private, times operations. Every kernel is asked the
 * same; the first one is what the others are compared with.
 *
 * @param kernels who was asked
 * @param subjects what was mapped
 * @param operations what was done, in the order of a row's cells
 * @param rows kernel by kernel, subject by subject, shared before private
 */
public record Matrix(
    ImmutableList<KernelSpec> kernels,
    ImmutableList<Subject> subjects,
    ImmutableList<Operation> operations,
    ImmutableList<Row> rows) {
  private static final int TYPES = 2;

  /**
   * One subject under one kernel.
   *
   * @param shared MAP_SHARED rather than MAP_PRIVATE
   * @param cells a verdict for each operation
   */
  public record Row(
      KernelSpec kernel, Subject subject, boolean shared, ImmutableList<Verdict> cells) {
    /** {@code shared} or {@code private}. */
    public String type() {
      return shared ? "shared" : "private";
    }

    /** How many cells differ in what is seen. */
    public int changes(Row before) {
      int changes = 0;
      for (int i = 0; i < cells.size(); i++) {
        changes += cells.get(i).sees(before.cells.get(i)) ? 0 : 1;
      }
      return changes;
    }
  }

  /** Runs every cell on the model. */
  public static Matrix run(
      List<KernelSpec> kernels, List<Subject> subjects, List<Operation> operations) {
    ImmutableList.Builder<Row> rows = ImmutableList.builder();
    for (KernelSpec kernel : kernels) {
      CellRun run = new CellRun(kernel, Recorded.standard());
      for (Subject subject : subjects) {
        rows.add(run.row(subject, true, operations));
        rows.add(run.row(subject, false, operations));
      }
    }
    return new Matrix(
        ImmutableList.copyOf(kernels),
        ImmutableList.copyOf(subjects),
        ImmutableList.copyOf(operations),
        rows.build());
  }

  /** The rows of a kernel, by its place in the list. */
  public ImmutableList<Row> rows(int kernel) {
    int each = subjects.size() * TYPES;
    return rows.subList(kernel * each, (kernel + 1) * each);
  }

  /** How many cells a kernel has changed against the first one. */
  public int changes(int kernel) {
    int changes = 0;
    for (int i = 0; i < rows(kernel).size(); i++) {
      changes += rows(kernel).get(i).changes(rows(0).get(i));
    }
    return changes;
  }
}
