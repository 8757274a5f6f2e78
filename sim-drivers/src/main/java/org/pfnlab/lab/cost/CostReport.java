package org.pfnlab.lab.cost;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Csv;
import org.pfnlab.lab.print.Document;
import org.pfnlab.lab.print.Figures;
import org.pfnlab.lab.print.Format;
import org.pfnlab.lab.print.Ink;
import org.pfnlab.lab.print.Json;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.spec.KernelSpec;

/**
 * What {@code pfnlab cost} prints.
 *
 * @param tree what the machine is, in one line
 * @param pattern in which order pages are touched
 * @param results every run, by kernel, from floor to ceiling
 * @param obstacles what could not be run, and why
 * @param curve over growing trees
 * @param model the prices
 */
public record CostReport(
    String tree,
    AccessPattern pattern,
    ImmutableList<CostResult> results,
    ImmutableList<String> obstacles,
    Curve curve,
    CostModel model) {
  /** Prints it in this form. */
  public void print(Format format, PrintWriter out, boolean colour) throws IOException {
    switch (format) {
      case table -> out.print(document().text(colour));
      case json -> Json.print(json(), out);
      case csv -> Csv.print(values(), out);
    }
  }

  private ImmutableList<KernelSpec> kernels() {
    return results.stream()
        .map(CostResult::asked)
        .distinct()
        .collect(ImmutableList.toImmutableList());
  }

  private Document document() {
    Document.Builder page = Document.build();
    page.picture(tree + "\n");
    for (KernelSpec kernel : kernels()) {
      page.heading(kernel.toString());
      page.table(counts(kernel));
      page.table(times(kernel));
    }
    if (!obstacles.isEmpty()) {
      page.items(obstacles);
    }
    page.items(
        results.stream()
            .map(CostResult::strategy)
            .distinct()
            .map(strategy -> strategy.name() + ": " + strategy.about())
            .toList());
    page.paragraph(
        "Counts are exact: "
            + pattern.about()
            + ". Times are counts times prices, typical and from low to high; --costs replaces prices, --format json"
            + " shows them with their sources. Allocating and clearing what is mapped, and the"
            + " mmap call itself, are not in them.");
    page.heading("Growing trees");
    page.paragraph(
        "Resources visited by one test for RAM, and ns a page, for vmf_insert_pfn of every page in"
            + " one fault against io-mapping in one fault, on made-up trees of a server's shape with"
            + " the BAR early or late among the others.");
    page.table(curve.table());
    page.picture(curve.plot());
    return page.done();
  }

  private Table counts(KernelSpec kernel) {
    Table.Builder table =
        Table.of(
            Column.words("strategy", "strategy"),
            Column.figures("pages", "pages"),
            Column.figures("nodes", "nodes"),
            Column.figures("RAM tests", "ram_tests"),
            Column.figures("lookups", "lookups"),
            Column.figures("reservations", "reservations"),
            Column.figures("locks", "locks"),
            Column.figures("faults", "faults"),
            Column.figures("PTEs", "ptes"));
    for (CostResult result : of(kernel)) {
      table.row(
          name(result),
          Cell.count(result.pages()),
          Cell.count(result.nodes()),
          Cell.count(result.ramTests()),
          Cell.count(result.lookups()),
          Cell.count(result.reservations()),
          Cell.count(result.locks()),
          Cell.count(result.faults()),
          Cell.count(result.ptes()));
    }
    return table.build();
  }

  private Table times(KernelSpec kernel) {
    Table.Builder table =
        Table.of(
            Column.words("strategy", "strategy"),
            Column.figures("ns a page", "ns"),
            Column.figures("low-high", "range"),
            Column.figures("in all", "all"),
            Column.figures("of floor", "of_floor"),
            Column.words("most of it", "parts"));
    for (CostResult result : of(kernel)) {
      Estimate each = result.perPage(model);
      double floor = floor(result).perPage(model).typical();
      table.row(
          name(result),
          Cell.of(Figures.number(each.typical())),
          Cell.of(each.range()),
          Cell.of(Figures.time(result.cost(model).typical())),
          Cell.of(Figures.ratio(each.typical() / floor)),
          Cell.of(mostOf(result)));
    }
    return table.build();
  }

  /** The parts that make up most of the time, the largest first. */
  private String mostOf(CostResult result) {
    double whole = result.perPage(model).typical();
    return result.partsPerPage(model).entrySet().stream()
        .sorted((a, b) -> Double.compare(b.getValue().typical(), a.getValue().typical()))
        .limit(3)
        .filter(part -> part.getValue().typical() >= whole / 20)
        .map(
            part -> part.getKey() + " " + Math.round(100 * part.getValue().typical() / whole) + "%")
        .reduce((a, b) -> a + ", " + b)
        .orElse("");
  }

  private static Cell name(CostResult result) {
    Cell name = Cell.of(result.strategy().name());
    return result.strategy().bound() == Strategy.Bound.NONE ? name : name.in(Ink.FAINT);
  }

  private ImmutableList<CostResult> of(KernelSpec kernel) {
    return results.stream()
        .filter(result -> result.asked().equals(kernel))
        .collect(ImmutableList.toImmutableList());
  }

  /** The floor of the same memory on the same kernel. */
  private CostResult floor(CostResult result) {
    return of(result.asked()).stream()
        .filter(
            other ->
                other.strategy().memory() == result.strategy().memory()
                    && other.strategy().bound() == Strategy.Bound.FLOOR)
        .findFirst()
        .orElse(result);
  }

  private Table values() {
    Table.Builder table =
        Table.of(
            Column.words("", "kernel"),
            Column.words("", "strategy"),
            Column.words("", "memory"),
            Column.figures("", "pages"),
            Column.figures("", "nodes"),
            Column.figures("", "ram_tests"),
            Column.figures("", "lookups"),
            Column.figures("", "reservations"),
            Column.figures("", "locks"),
            Column.figures("", "faults"),
            Column.figures("", "ptes"),
            Column.figures("", "ns_per_page_low"),
            Column.figures("", "ns_per_page"),
            Column.figures("", "ns_per_page_high"));
    for (CostResult result : results) {
      Estimate each = result.perPage(model);
      table.row(
          Cell.of(result.asked().toString()),
          Cell.of(result.strategy().name()),
          Cell.of(result.strategy().memory().toString()),
          Cell.count(result.pages()),
          Cell.count(result.nodes()),
          Cell.count(result.ramTests()),
          Cell.count(result.lookups()),
          Cell.count(result.reservations()),
          Cell.count(result.locks()),
          Cell.count(result.faults()),
          Cell.count(result.ptes()),
          value(each.low()),
          value(each.typical()),
          value(each.high()));
    }
    return table.build();
  }

  private static Cell value(double ns) {
    return Cell.of("", rounded(ns));
  }

  private static double rounded(double ns) {
    return Math.round(ns * 1000) / 1000.0;
  }

  private Map<String, @Nullable Object> json() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("tree", tree);
    json.put("pattern", pattern.name().toLowerCase(Locale.ROOT));
    List<Object> runs = new ArrayList<>();
    for (CostResult result : results) {
      Map<String, @Nullable Object> run = new LinkedHashMap<>();
      run.put("kernel", result.asked().toString());
      run.put("strategy", result.strategy().name());
      run.put("about", result.strategy().about());
      run.put("runs_on", result.kernel().toString());
      run.put("memory", result.strategy().memory().toString());
      run.put("pages", result.pages());
      run.put("ns_per_page", estimate(result.perPage(model)));
      run.put("ns", estimate(result.cost(model)));
      Map<String, @Nullable Object> parts = new LinkedHashMap<>();
      result.partsPerPage(model).forEach((part, cost) -> parts.put(part, estimate(cost)));
      run.put("ns_per_page_by_part", parts);
      run.put("counts", new TreeMap<>(result.counts().byEvent()));
      run.put("counts_at_load", new TreeMap<>(result.atLoad().byEvent()));
      runs.add(run);
    }
    json.put("runs", runs);
    json.put("not_run", obstacles);
    json.put("growing_trees", curve.table());
    List<Object> prices = new ArrayList<>();
    for (Price price : model.prices()) {
      Map<String, @Nullable Object> one = new LinkedHashMap<>();
      one.put("event", price.event());
      one.put("part", price.part());
      one.put("ns", estimate(price.each()));
      one.put("source", price.source());
      prices.add(one);
    }
    json.put("prices", prices);
    return json;
  }

  private static Map<String, @Nullable Object> estimate(Estimate estimate) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("low", rounded(estimate.low()));
    json.put("typical", rounded(estimate.typical()));
    json.put("high", rounded(estimate.high()));
    return json;
  }
}
