package org.pfnlab.lab.matrix;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Csv;
import org.pfnlab.lab.print.Figures;
import org.pfnlab.lab.print.Format;
import org.pfnlab.lab.print.Ink;
import org.pfnlab.lab.print.Json;
import org.pfnlab.lab.print.Table;

/** A matrix as people and programs read it. */
public final class MatrixReport {
  private static final ImmutableMap<String, String> WORDS =
      ImmutableMap.of(
          Verdict.NOTHING,
          "nothing to be done: not mapped, or nobody can ask for it",
          Verdict.THROUGH,
          "a write to a private mapping changed the object itself",
          Verdict.WRONG_DATA,
          "worked, but the data was not the object's",
          Verdict.BUG,
          "the kernel kills the task, or the task hangs with its locks held",
          Verdict.HANG,
          "the call spins in the kernel until the task is killed",
          Reaching.NO_PAGE,
          "reported as pinned, but no page was stored");

  private final Matrix matrix;

  /** Reports on this matrix. */
  public MatrixReport(Matrix matrix) {
    this.matrix = matrix;
  }

  /** Prints it. */
  public void print(Format format, PrintWriter out, boolean colour) throws IOException {
    switch (format) {
      case table -> printText(out, colour);
      case json -> Json.print(json(), out);
      case csv -> Csv.print(list(), out);
    }
  }

  private void printText(PrintWriter out, boolean colour) {
    MatrixTables tables = new MatrixTables(matrix, colour);
    out.print(matrix.kernels().get(0) + "\n\n" + tables.whole());
    for (int kernel = 1; kernel < matrix.kernels().size(); kernel++) {
      out.print(
          "\n"
              + matrix.kernels().get(kernel)
              + ", what changes against "
              + matrix.kernels().get(0)
              + "\n");
      String changes = tables.changes(kernel);
      out.print(changes.isEmpty() ? "" : "\n" + changes);
    }
    out.print('\n');
    legend().forEach((mark, meaning) -> out.printf("%-10s  %s\n", mark, meaning));
    out.print('\n' + known() + '\n');
    for (int kernel = 1; kernel < matrix.kernels().size(); kernel++) {
      out.print(changed(kernel) + '\n');
    }
  }

  /** The marks and words that occur, for whoever does not know them. */
  private Map<String, String> legend() {
    Map<String, String> legend = new LinkedHashMap<>();
    legend.put(Verdict.OK, "works, and the data is the object's");
    WORDS.forEach(
        (word, meaning) -> {
          if (count(verdict -> verdict.outcome().equals(word)) > 0) {
            legend.put(word, meaning);
          }
        });
    if (count(verdict -> verdict.outcome().startsWith("open:")) > 0) {
      legend.put("open:", "the object cannot be made on this kernel");
    }
    if (count(Verdict::warned) > 0) {
      legend.put("!", "the kernel WARNs meanwhile");
    }
    for (Evidence evidence : Evidence.values()) {
      legend.put(evidence.mark().isEmpty() ? "no mark" : evidence.mark(), evidence.meaning());
    }
    return legend;
  }

  /** What is asked of verdicts. */
  private interface Question {
    boolean about(Verdict verdict);
  }

  private long count(Question question) {
    return matrix.rows().stream()
        .flatMap(row -> row.cells().stream())
        .filter(question::about)
        .count();
  }

  private String known() {
    List<String> parts = new ArrayList<>();
    for (Evidence evidence : Evidence.values()) {
      long cells = count(verdict -> verdict.evidence() == evidence);
      if (cells > 0) {
        parts.add(Figures.count(cells) + " " + evidence.word());
      }
    }
    return Figures.plural(count(verdict -> true), "cell: ", "cells: ") + String.join(", ", parts);
  }

  private String changed(int kernel) {
    int rows = 0;
    for (int i = 0; i < matrix.rows(kernel).size(); i++) {
      rows += matrix.rows(kernel).get(i).changes(matrix.rows(0).get(i)) > 0 ? 1 : 0;
    }
    return matrix.kernels().get(kernel)
        + " changes "
        + matrix.changes(kernel)
        + " of "
        + Figures.plural((long) matrix.rows(0).size() * matrix.operations().size(), "cell", "cells")
        + ", in "
        + rows
        + " of "
        + Figures.plural(matrix.rows(0).size(), "row", "rows");
  }

  private Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    Map<String, Object> operations = new LinkedHashMap<>();
    matrix.operations().forEach(operation -> operations.put(operation.name(), operation.about()));
    Map<String, Object> kinds = new LinkedHashMap<>();
    matrix.subjects().forEach(subject -> kinds.put(subject.name(), subject.about()));
    Map<String, Object> evidence = new LinkedHashMap<>();
    for (Evidence each : Evidence.values()) {
      evidence.put(each.word(), each.meaning());
    }
    Map<String, Object> changes = new LinkedHashMap<>();
    for (int kernel = 1; kernel < matrix.kernels().size(); kernel++) {
      changes.put(matrix.kernels().get(kernel).toString(), matrix.changes(kernel));
    }
    json.put("kernels", matrix.kernels().stream().map(Object::toString).toList());
    json.put("kinds", kinds);
    json.put("operations", operations);
    json.put("evidence", evidence);
    json.put("changes", changes);
    json.put("cells", list());
    return json;
  }

  /** One row a cell. */
  private Table list() {
    Table.Builder list =
        Table.of(
            Column.words("kernel", "kernel"),
            Column.words("kind", "kind"),
            Column.words("map", "map"),
            Column.words("operation", "operation"),
            Column.words("outcome", "outcome"),
            Column.words("warned", "warned"),
            Column.words("evidence", "evidence"),
            Column.words("changed", "changed"),
            Column.words("messages", "messages"));
    for (int kernel = 0; kernel < matrix.kernels().size(); kernel++) {
      for (int i = 0; i < matrix.rows(kernel).size(); i++) {
        Matrix.Row row = matrix.rows(kernel).get(i);
        for (int j = 0; j < row.cells().size(); j++) {
          Verdict verdict = row.cells().get(j);
          boolean changed = !verdict.sees(matrix.rows(0).get(i).cells().get(j));
          list.row(
              Cell.of(row.kernel().toString()),
              Cell.of(row.subject().name()),
              Cell.of(row.type()),
              Cell.of(matrix.operations().get(j).name()),
              Cell.of(verdict.outcome()),
              truth(verdict.warned()),
              Cell.of(verdict.evidence().word()),
              truth(changed),
              verdict.messages().isEmpty()
                  ? Cell.none()
                  : Cell.of(String.join("; ", verdict.messages())));
        }
      }
    }
    return list.build();
  }

  private static Cell truth(boolean value) {
    return new Cell(Boolean.toString(value), value, Ink.PLAIN);
  }
}
