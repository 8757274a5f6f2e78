package org.pfnlab.lab.print;

import java.io.PrintWriter;
import java.util.List;

/** A table as RFC 4180 has it, with {@code '\n'} ends: a line of keys, then a line a row. */
public final class Csv {
  private Csv() {}

  /** Prints a table; cells without a value are empty. */
  public static void print(Table table, PrintWriter out) {
    for (int i = 0; i < table.columns().size(); i++) {
      out.print(i == 0 ? "" : ",");
      out.print(quoted(table.columns().get(i).key()));
    }
    out.print('\n');
    for (List<Cell> row : table.rows()) {
      for (int i = 0; i < row.size(); i++) {
        Object value = row.get(i).value();
        out.print(i == 0 ? "" : ",");
        out.print(value == null ? "" : quoted(value.toString()));
      }
      out.print('\n');
    }
  }

  private static String quoted(String text) {
    boolean plain =
        text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r')
            && text.equals(text.strip());
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
