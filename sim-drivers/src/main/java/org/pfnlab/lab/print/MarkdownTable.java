package org.pfnlab.lab.print;

import java.util.List;

/** A table as GitHub's Markdown has it. */
final class MarkdownTable {
  private MarkdownTable() {}

  static void append(StringBuilder to, Table table) {
    for (Column column : table.columns()) {
      to.append("| ").append(escaped(column.title())).append(' ');
    }
    to.append("|\n");
    for (Column column : table.columns()) {
      to.append(column.right() ? "|--:" : "|---");
    }
    to.append("|\n");
    for (List<Cell> row : table.rows()) {
      for (Cell cell : row) {
        to.append("| ").append(escaped(cell.text())).append(' ');
      }
      to.append("|\n");
    }
  }

  private static String escaped(String text) {
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*");
  }
}
