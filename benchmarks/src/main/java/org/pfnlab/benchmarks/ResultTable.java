package org.pfnlab.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Turns JMH's JSON into a Markdown table with machine, JDK, date and settings, beside the targets
 * of {@code targets.txt}.
 *
 * <pre>
 * java -jar benchmarks/target/benchmarks.jar -prof gc -rf json -rff jmh-result.json
 * java -cp benchmarks/target/benchmarks.jar org.pfnlab.benchmarks.ResultTable jmh-result.json
 * </pre>
 *
 * <p>A second argument names a file in which the table replaces what stands between two comment
 * lines; a third one is a remark on the circumstances, such as a busy machine.
 *
 * <p>{@code best} is the fastest iteration of all forks: what the code takes while nobody else has
 * the CPU. {@code mean} and its error are JMH's, at 99.9 %.
 */
public final class ResultTable {
  static final String BEGIN = "<!-- results: written by ResultTable, not by hand -->";
  static final String END = "<!-- end of results -->";

  private final Targets targets;
  private final StringBuilder text = new StringBuilder();

  private ResultTable(Targets targets) {
    this.targets = targets;
  }

  /** Prints the table, or puts it into a file. */
  @SuppressWarnings("SystemOut")
  public static void main(String[] arguments) throws IOException {
    if (arguments.length < 1) {
      throw new IllegalArgumentException("expected jmh-result.json [README.md [remark]]");
    }
    Path json = Path.of(arguments[0]);
    LocalDate date =
        LocalDate.ofInstant(Files.getLastModifiedTime(json).toInstant(), ZoneOffset.UTC);
    String machine = machine() + (arguments.length > 2 ? "; " + arguments[2] : "");
    String table = of(Files.readString(json), date, machine, Targets.standard());
    if (arguments.length == 1) {
      System.out.print(table);
    } else {
      Path into = Path.of(arguments[1]);
      Files.writeString(into, replaced(Files.readString(into), table));
    }
  }

  /** The text with the table between its two comment lines. */
  static String replaced(String document, String table) {
    int begin = document.indexOf(BEGIN);
    int end = document.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new IllegalArgumentException("expected the lines " + BEGIN + " and " + END);
    }
    return document.substring(0, begin) + BEGIN + "\n\n" + table + "\n" + document.substring(end);
  }

  /** The table of a result. */
  static String of(String json, LocalDate date, String machine, Targets targets)
      throws IOException {
    ResultTable table = new ResultTable(targets);
    JsonNode results = new JsonMapper().readTree(json);
    if (!results.isArray() || results.isEmpty()) {
      throw new IllegalArgumentException("expected JMH's JSON with at least one result");
    }
    table.head(results.get(0), date, machine);
    for (JsonNode result : results) {
      table.rows(result);
    }
    return table.text.toString();
  }

  private void head(JsonNode first, LocalDate date, String machine) {
    text.append(
        "%s; %s, JDK %s (%s); measured %s.\n"
            .formatted(
                machine,
                first.path("vmName").asText(),
                first.path("jdkVersion").asText(),
                first.path("jmhVersion").asText("?").isEmpty()
                    ? "JMH"
                    : "JMH " + first.path("jmhVersion").asText("?"),
                date));
    text.append(
        "Settings: `-f %s -wi %s -w %s -i %s -r %s`%s.\n\n"
            .formatted(
                first.path("forks").asText(),
                first.path("warmupIterations").asText(),
                first.path("warmupTime").asText().replace(" ", ""),
                first.path("measurementIterations").asText(),
                first.path("measurementTime").asText().replace(" ", ""),
                jvmArgs(first)));
    text.append("| benchmark | parameters | best | mean | error | unit | B/op | target |\n");
    text.append("|---|---|--:|--:|--:|---|--:|---|\n");
  }

  private static String jvmArgs(JsonNode result) {
    List<String> arguments = new ArrayList<>();
    result.path("jvmArgs").forEach(argument -> arguments.add(argument.asText()));
    return arguments.isEmpty() ? "" : ", JVM `" + String.join(" ", arguments) + "`";
  }

  private void rows(JsonNode result) {
    String[] parts = result.path("benchmark").asText().split("\\.", -1);
    String name = parts[parts.length - 2] + "." + parts[parts.length - 1];
    Map<String, String> parameters = new TreeMap<>();
    result
        .path("params")
        .properties()
        .forEach(field -> parameters.put(field.getKey(), field.getValue().asText()));
    boolean lessIsBetter = !result.path("mode").asText().equals("thrpt");
    JsonNode secondary = result.path("secondaryMetrics");
    JsonNode counter = null;
    for (Map.Entry<String, JsonNode> metric : secondary.properties()) {
      if (metric.getKey().matches("[a-zA-Z]+")) {
        counter = metric.getValue();
        name += " (" + metric.getKey() + ")";
      }
    }
    JsonNode metric = counter == null ? result.path("primaryMetric") : counter;
    double allocated = secondary.path("gc.alloc.rate.norm").path("score").asDouble(-1);
    String where =
        String.join(
            ", ",
            parameters.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
    text.append(
        "| %s | %s | %s | %s | %s | %s | %s | %s |\n"
            .formatted(
                name,
                where,
                number(best(metric, lessIsBetter)),
                number(metric.path("score").asDouble()),
                number(metric.path("scoreError").asDouble(Double.NaN)),
                metric.path("scoreUnit").asText(),
                // what a background thread allocates meanwhile is divided among the operations
                allocated < 0 ? "" : allocated < 8 ? "0" : number(allocated),
                targets.of(name, where)));
  }

  private static double best(JsonNode metric, boolean lessIsBetter) {
    double best = Double.NaN;
    for (JsonNode fork : metric.path("rawData")) {
      for (JsonNode iteration : fork) {
        double value = iteration.asDouble();
        boolean better = lessIsBetter ? value < best : value > best;
        best = Double.isNaN(best) || better ? value : best;
      }
    }
    return best;
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "";
    }
    String pattern = Math.abs(value) >= 100 ? "%,.0f" : Math.abs(value) >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, pattern, value);
  }

  /** Processor and system of this machine, as far as Linux tells. */
  private static String machine() throws IOException {
    return field("/proc/cpuinfo", "model name")
        + ", "
        + Runtime.getRuntime().availableProcessors()
        + " CPUs, "
        + System.getProperty("os.name")
        + load();
  }

  private static String field(String file, String name) throws IOException {
    if (!Files.exists(Path.of(file))) {
      return System.getProperty("os.arch", "unknown");
    }
    try (Stream<String> lines = Files.lines(Path.of(file), StandardCharsets.UTF_8)) {
      return lines
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static String load() throws IOException {
    Path file = Path.of("/proc/loadavg");
    if (!Files.exists(file)) {
      return "";
    }
    String[] averages = Files.readString(file).split(" ", -1);
    return ", load average of 15 minutes at the end " + averages[2];
  }
}
