package org.pfnlab.lab.replay.counts;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Csv;
import org.pfnlab.lab.print.Json;
import org.pfnlab.lab.print.Table;

/**
 * What {@code pfnlab counts} prints: for each operation the functions and hits as ftrace's function
 * profiler prints them (tracing/trace_stat/function*), most hits first, without its times. Of a
 * function and its wrapper, the inner one alone.
 *
 * @param kernel whose functions these are
 * @param program what was run
 */
public record CountsText(String kernel, CountedProgram program) {
  private static final String NODES = "iomem_nodes_visited";

  /** For people. */
  public void text(PrintWriter out) {
    out.print(title() + "\n");
    for (CountedProgram.Operation operation : program.operations()) {
      out.print("\n" + operation.name() + ": " + operation.resultText() + "\n");
      line(out, "Function", "Hit");
      line(out, "--------", "---");
      for (Map.Entry<String, Long> call : mostFirst(operation)) {
        line(out, call.getKey(), Long.toString(call.getValue()));
      }
      if (operation.nodes() != 0) {
        out.print(
            "resources visited: " + String.format(Locale.ROOT, "%d", operation.nodes()) + "\n");
      }
      operation.notCounted().forEach(each -> out.print("not counted: " + each + "\n"));
    }
    if (program.end() != null) {
      out.print("\n" + program.end() + "\n");
    }
  }

  private String title() {
    return "%s: %s, %s, %d %s"
        .formatted(
            kernel,
            program.kind(),
            map(),
            program.pages(),
            program.pages() == 1 ? "page" : "pages");
  }

  private String map() {
    return program.shared() ? "shared" : "private";
  }

  private static void line(PrintWriter out, String function, String hits) {
    out.print(String.format(Locale.ROOT, "  %-30s  %10s%n", function, hits).replace("\r\n", "\n"));
  }

  private static List<Map.Entry<String, Long>> mostFirst(CountedProgram.Operation operation) {
    return operation.calls().entrySet().stream()
        .sorted(
            Comparator.comparingLong((Map.Entry<String, Long> call) -> -call.getValue())
                .thenComparing(Map.Entry::getKey))
        .toList();
  }

  /** One line an operation's function; resources visited are a line too. */
  public void csv(PrintWriter out) {
    Table.Builder table =
        Table.of(
            Column.words("", "kernel"),
            Column.words("", "kind"),
            Column.words("", "map"),
            Column.figures("", "pages"),
            Column.words("", "op"),
            Column.words("", "ret"),
            Column.words("", "function"),
            Column.figures("", "hits"));
    for (CountedProgram.Operation operation : program.operations()) {
      for (Map.Entry<String, Long> call : mostFirst(operation)) {
        table.row(row(operation, call.getKey(), call.getValue()));
      }
      table.row(row(operation, NODES, operation.nodes()));
    }
    Csv.print(table.build(), out);
  }

  private List<Cell> row(CountedProgram.Operation operation, String function, long hits) {
    return ImmutableList.of(
        Cell.of(kernel),
        Cell.of(program.kind()),
        Cell.of(map()),
        Cell.count(program.pages()),
        Cell.of(operation.name()),
        Cell.of(operation.resultText()),
        Cell.of(function),
        Cell.count(hits));
  }

  /** Everything, with the names of recordings. */
  public void json(PrintWriter out) throws IOException {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("kernel", kernel);
    json.put("kind", program.kind());
    json.put("map", map());
    json.put("n", program.pages());
    json.put(
        "operations",
        program.operations().stream()
            .map(
                operation -> {
                  Map<String, Object> each = new LinkedHashMap<>();
                  each.put("op", operation.name());
                  each.put("ret", operation.resultText());
                  each.put("counts", operation.calls());
                  each.put(NODES, operation.nodes());
                  each.put("not_counted", operation.notCounted());
                  return each;
                })
            .toList());
    if (program.end() != null) {
      json.put("end", program.end());
    }
    Json.print(json, out);
  }
}
