package org.pfnlab.lab.matrix;

import java.util.ArrayList;
import java.util.List;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Ink;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.print.TextTable;

/** Rows of a matrix as text, folded where they would be too wide. */
final class MatrixTables {
  private static final int WIDTH = 120;
  private static final int GAP = 2;
  private static final Cell UNCHANGED = new Cell(".", null, Ink.FAINT);

  private final Matrix matrix;
  private final boolean colour;

  MatrixTables(Matrix matrix, boolean colour) {
    this.matrix = matrix;
    this.colour = colour;
  }

  /** A line of cells under construction. */
  private record Line(Matrix.Row row, List<Cell> cells) {}

  /** Everything about the first kernel. */
  String whole() {
    List<Line> lines = new ArrayList<>();
    for (Matrix.Row row : matrix.rows(0)) {
      lines.add(new Line(row, row.cells().stream().map(MatrixTables::cell).toList()));
    }
    return folded(lines);
  }

  /** The rows of another kernel that have changed, and in them the cells; may be empty. */
  String changes(int kernel) {
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < matrix.rows(kernel).size(); i++) {
      Matrix.Row row = matrix.rows(kernel).get(i);
      Matrix.Row before = matrix.rows(0).get(i);
      if (row.changes(before) > 0) {
        List<Cell> cells = new ArrayList<>();
        for (int j = 0; j < row.cells().size(); j++) {
          cells.add(change(before.cells().get(j), row.cells().get(j)));
        }
        lines.add(new Line(row, cells));
      }
    }
    return lines.isEmpty() ? "" : folded(lines);
  }

  private static Cell change(Verdict before, Verdict now) {
    if (now.sees(before)) {
      return UNCHANGED;
    }
    return Cell.of(before.seen() + " -> " + now.text()).in(ink(now));
  }

  private static Cell cell(Verdict verdict) {
    return Cell.of(verdict.text()).in(ink(verdict));
  }

  private static Ink ink(Verdict verdict) {
    if (verdict.outcome().equals(Verdict.NOTHING)) {
      return Ink.FAINT;
    }
    if (verdict.warned()) {
      return Ink.WARN;
    }
    return verdict.outcome().equals(Verdict.OK) ? Ink.GOOD : Ink.BAD;
  }

  /** As many operations side by side as fit, then the others below, under the same kinds. */
  private String folded(List<Line> lines) {
    int heads = 0;
    for (Line line : lines) {
      heads = Math.max(heads, line.row().subject().name().length());
    }
    heads += GAP + "private".length();
    StringBuilder text = new StringBuilder();
    for (int from = 0; from < matrix.operations().size(); ) {
      int width = heads;
      int to = from;
      while (to < matrix.operations().size()) {
        width += GAP + width(lines, to);
        if (width > WIDTH && to > from) {
          break;
        }
        to++;
      }
      text.append(from == 0 ? "" : "\n").append(band(lines, from, to));
      from = to;
    }
    return text.toString();
  }

  private int width(List<Line> lines, int operation) {
    int width = matrix.operations().get(operation).name().length();
    for (Line line : lines) {
      width = Math.max(width, line.cells().get(operation).text().length());
    }
    return width;
  }

  private String band(List<Line> lines, int from, int to) {
    List<Column> columns = new ArrayList<>();
    columns.add(Column.words("kind", "kind"));
    columns.add(Column.words("map", "map"));
    for (Operation operation : matrix.operations().subList(from, to)) {
      columns.add(Column.words(operation.name(), operation.name()));
    }
    Table.Builder table = Table.of(columns);
    for (Line line : lines) {
      List<Cell> cells = new ArrayList<>();
      cells.add(Cell.of(line.row().subject().name()));
      cells.add(Cell.of(line.row().type()));
      cells.addAll(line.cells().subList(from, to));
      table.row(cells);
    }
    return TextTable.print(table.build(), colour);
  }
}
