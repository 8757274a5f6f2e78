package org.pfnlab.lab.memtype;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.lab.iomem.Bars;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Figures;
import org.pfnlab.lab.print.Json;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.print.TextTable;

/** What {@code pfnlab memtype} says about a list, and about one more reservation. */
public final class MemtypeReport {
  private static final long PAGE = 4096;

  private final MemtypeList list;
  private final KnownMachine machine;
  private final ImmutableList<Finding> findings;
  private final @Nullable ReserveStory story;

  /**
   * About this list.
   *
   * @param wish one more reservation to ask about, or null
   */
  public MemtypeReport(MemtypeList list, KnownMachine machine, @Nullable Wish wish) {
    this.list = list;
    this.machine = machine;
    this.findings = Finding.in(list, machine);
    this.story = wish == null ? null : ReserveStory.of(machine, list, wish);
  }

  /** Whether the list is one that a kernel can have, and the wish, if there is one, fulfilled. */
  public boolean holds() {
    return findings.isEmpty() && (story == null || story.fulfilled());
  }

  /** Prints it for people. */
  public void text(PrintWriter out, boolean colour) {
    out.print(summary());
    for (Finding finding : findings) {
      out.print("  line " + finding.line() + ": " + finding.text() + "\n");
    }
    out.print("\n" + TextTable.print(reservations(), colour));
    ResourceTree tree = machine.tree();
    if (tree != null && !Bars.of(tree).all().isEmpty()) {
      out.print("\nBARs, and what reserving each as a whole (io_mapping_init_wc) would get:\n\n");
      out.print(TextTable.print(bars(tree), colour));
    }
    if (story != null) {
      out.print("\n" + tell(story, colour));
    }
  }

  /** Prints it for programs: one JSON object. */
  public void json(PrintWriter out) throws IOException {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("file", list.name());
    json.put("holds", holds());
    json.put("findings", findings.stream().map(MemtypeReport::json).toList());
    json.put("reservations", reservations());
    ResourceTree tree = machine.tree();
    if (tree != null) {
      json.put("bars", bars(tree));
    }
    ReserveStory asked = story;
    if (asked != null) {
      Map<String, @Nullable Object> told = new LinkedHashMap<>();
      told.put("range", asked.wish().range());
      told.put("type", asked.wish().type().kernelName());
      told.put("kernel", asked.kernel());
      told.put("fulfilled", asked.fulfilled());
      told.put("rules", rules(asked));
      told.put("answers", answers(asked));
      json.put("reserve", told);
    }
    Json.print(json, out);
  }

  private static Map<String, @Nullable Object> json(Finding finding) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("line", finding.line());
    json.put("text", finding.text());
    return json;
  }

  private String summary() {
    Map<CacheMode, Integer> counts = new EnumMap<>(CacheMode.class);
    list.reservations().forEach(each -> counts.merge(each.type(), 1, Integer::sum));
    List<String> parts = new ArrayList<>();
    counts.forEach((mode, n) -> parts.add(Figures.count(n) + " " + mode.kernelName()));
    return list.name()
        + ": "
        + Figures.plural(list.reservations().size(), "reservation", "reservations")
        + (parts.isEmpty() ? "" : ": " + String.join(", ", parts))
        + "\n";
  }

  private Table reservations() {
    ResourceTree tree = machine.tree();
    List<Column> columns = new ArrayList<>();
    columns.add(Column.figures("line", "line"));
    columns.add(Column.words("range (end exclusive)", "range"));
    columns.add(Column.figures("size", "bytes"));
    columns.add(Column.words("type", "type"));
    if (tree != null) {
      columns.add(Column.words("lies in", "lies_in"));
    }
    Table.Builder table = Table.of(columns);
    for (Reservation each : list.reservations()) {
      List<Cell> row = new ArrayList<>();
      row.add(Cell.count(each.line()));
      row.add(Cell.of(Wish.range(each.start(), each.end())));
      long bytes = each.end() - each.start();
      row.add(Cell.of(Figures.size(bytes), bytes));
      row.add(Cell.of(each.type().kernelName()));
      if (tree != null) {
        row.add(Cell.of(Finding.liesIn(tree, each)));
      }
      table.row(row);
    }
    return table.build();
  }

  private Table bars(ResourceTree tree) {
    Table.Builder table =
        Table.of(
            Column.words("BAR", "range"),
            Column.words("name", "name"),
            Column.figures("size", "bytes"),
            Column.figures("reservations", "reservations"),
            Column.words("write-combining gets", "write_combining_gets"));
    for (Bars.Found bar : Bars.of(tree).all()) {
      // ioremap rounds to whole pages; BARs can be smaller.
      Wish whole = new Wish(bar.start() & -PAGE, (bar.end() | (PAGE - 1)) + 1, CacheMode.WC);
      long inside =
          list.reservations().stream()
              .filter(each -> each.overlaps(whole.start(), whole.end()))
              .count();
      table.row(
          Cell.of(Wish.range(bar.start(), bar.end() + 1)),
          Cell.of(bar.name()),
          Cell.of(Figures.size(bar.size()), bar.size()),
          Cell.count(inside),
          Cell.of(ReserveStory.of(machine, list, whole).answers().get(0).result()));
    }
    return table.build();
  }

  private static Table rules(ReserveStory story) {
    Table.Builder table = Table.of(Column.words("rule", "symbol"), Column.words("says", "says"));
    for (ReserveStory.Step step : story.steps()) {
      table.row(Cell.of(step.symbol()), Cell.of(step.text()));
    }
    return table.build();
  }

  private static Table answers(ReserveStory story) {
    Table.Builder table =
        Table.of(Column.words("who asks", "caller"), Column.words("gets", "gets"));
    for (ReserveStory.Answer answer : story.answers()) {
      table.row(Cell.of(answer.caller()), Cell.of(answer.result()));
    }
    return table.build();
  }

  private static String tell(ReserveStory story, boolean colour) {
    Wish wish = story.wish();
    long pages = (wish.end() - wish.start()) >>> 12;
    return ("Reserving " + wish.range() + " (" + Figures.plural(pages, "page", "pages") + ") as ")
        + (wish.type().kernelName() + " on " + story.kernel() + ", memtype_reserve:\n\n")
        + TextTable.print(rules(story), colour)
        + "\n"
        + TextTable.print(answers(story), colour);
  }
}
