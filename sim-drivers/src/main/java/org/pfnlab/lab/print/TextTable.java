package org.pfnlab.lab.print;

import java.util.List;

/**
 * A table as aligned text: two spaces between columns, a line of dashes below the titles, nothing
 * behind the last column.
 */
public final class TextTable {
  private TextTable() {}

  /**
   * Prints a table, one line a row.
   *
   * @param colour whether inks become escape sequences
   */
  public static String print(Table table, boolean colour) {
    int n = table.columns().size();
    int[] width = new int[n];
    for (int i = 0; i < n; i++) {
      width[i] = length(table.columns().get(i).title());
      for (List<Cell> row : table.rows()) {
        width[i] = Math.max(width[i], length(row.get(i).text()));
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < n; i++) {
      Column column = table.columns().get(i);
      append(text, column, i, n, width[i], column.title(), colour ? Ink.BOLD : Ink.PLAIN);
    }
    for (int i = 0; i < n; i++) {
      append(text, table.columns().get(i), i, n, width[i], "-".repeat(width[i]), Ink.PLAIN);
    }
    for (List<Cell> row : table.rows()) {
      for (int i = 0; i < n; i++) {
        Cell cell = row.get(i);
        Ink ink = colour ? cell.ink() : Ink.PLAIN;
        append(text, table.columns().get(i), i, n, width[i], cell.text(), ink);
      }
    }
    return text.toString();
  }

  private static void append(
      StringBuilder to, Column column, int i, int n, int width, String cell, Ink ink) {
    String padding = " ".repeat(width - length(cell));
    to.append(column.right() ? padding : "").append(ink.paint(cell));
    if (i < n - 1) {
      to.append(column.right() ? "" : padding).append("  ");
      return;
    }
    int end = to.length();
    while (end > 0 && to.charAt(end - 1) == ' ') {
      end--;
    }
    to.setLength(end);
    to.append('\n');
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
