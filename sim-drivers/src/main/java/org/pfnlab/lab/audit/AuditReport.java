package org.pfnlab.lab.audit;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Csv;
import org.pfnlab.lab.print.Format;
import org.pfnlab.lab.print.Ink;
import org.pfnlab.lab.print.Json;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.print.TextTable;

/** Audits as people and programs read them. */
public final class AuditReport {
  private final ImmutableList<Audit> audits;

  /** Reports on these, which ask for one rule. */
  public AuditReport(List<Audit> audits) {
    this.audits = ImmutableList.copyOf(audits);
  }

  /** Prints it. */
  public void print(Format format, PrintWriter out, boolean colour) throws IOException {
    switch (format) {
      case table -> printText(out, colour);
      case json -> Json.print(json(), out);
      case csv -> Csv.print(table(audits, true), out);
    }
  }

  private void printText(PrintWriter out, boolean colour) {
    String gap = "";
    for (Audit audit : audits) {
      out.print(gap + audit.kernel() + ", rule " + audit.rule() + ": ");
      out.print(audit.rule().about() + "\n\n");
      out.print(TextTable.print(table(ImmutableList.of(audit), false), colour) + "\n");
      totals(audit)
          .forEach((what, names) -> out.printf("%3d %s\n", names.size(), what + listed(names)));
      gap = "\n";
    }
  }

  private static String listed(List<String> names) {
    return names.isEmpty() ? "" : ": " + String.join(", ", names);
  }

  private static Map<String, List<String>> totals(Audit audit) {
    Map<String, List<String>> totals = new LinkedHashMap<>();
    totals.put("pass", audit.passing());
    totals.put("depend on the IOMMU", audit.depending());
    totals.put("fail", audit.failing());
    totals.put("refuse MAP_PRIVATE of any size", audit.refusingCow());
    totals.put("pass pfnmap and not-cow", audit.passingBoth());
    totals.put("refuse every mapping", audit.refusing());
    totals.put("have no mmap operation", audit.withoutMmap());
    return totals;
  }

  private Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("rule", audits.get(0).rule().toString());
    json.put("requires", audits.get(0).rule().about());
    Map<String, Object> totals = new LinkedHashMap<>();
    for (Audit audit : audits) {
      totals.put(audit.kernel().toString(), totals(audit));
    }
    json.put("totals", totals);
    json.put("exporters", table(audits, true));
    return json;
  }

  private static Table table(List<Audit> audits, boolean list) {
    ImmutableList.Builder<Column> columns = ImmutableList.builder();
    if (list) {
      columns.add(Column.words("kernel", "kernel"), Column.words("kind", "kind"));
    }
    columns.add(
        Column.words("exporter", "exporter"),
        Column.words("IOMMU", "iommu"),
        Column.words("filled by", "filled_by"),
        Column.words("flags", "flags"),
        Column.words("passes", "passes"),
        Column.words("MAP_PRIVATE", "private"),
        Column.words("GUP", "gup_slow"),
        Column.words("fast", "gup_fast"),
        Column.words("offset", "offset"),
        Column.words("known", "known"));
    if (list) {
      columns.add(Column.words("source", "source"));
    }
    Table.Builder table = Table.of(columns.build());
    for (Audit audit : audits) {
      for (Audit.Entry entry : audit.entries()) {
        entry.lines().forEach(line -> table.row(row(audit, entry, line, list)));
      }
    }
    return table.build();
  }

  private static List<Cell> row(Audit audit, Audit.Entry entry, Audit.Line line, boolean list) {
    Measurement seen = line.seen();
    ImmutableList.Builder<Cell> cells = ImmutableList.builder();
    if (list) {
      cells.add(Cell.of(audit.kernel().toString()), Cell.of(line.variant().kind()));
    }
    cells.add(
        Cell.of(entry.exporter().name()),
        Cell.of(line.variant().iommu().toString()),
        Cell.of(seen.isLive() ? seen.filledBy() : refused(seen)),
        seen.isLive() ? Cell.of(FlagNames.of(seen.flags())) : Cell.none(),
        verdict(audit.rule(), seen),
        word(seen.privately()).in(seen.privately().equals(Measurement.BUG) ? Ink.BAD : Ink.PLAIN),
        word(seen.slow()),
        word(seen.fast()),
        word(seen.offset()),
        Cell.of(line.known().word()));
    if (list) {
      cells.add(Cell.of(entry.exporter().source()));
    }
    return cells.build();
  }

  private static String refused(Measurement seen) {
    return seen.shared() + (seen.asksExporter() ? " by the exporter" : " by the core");
  }

  private static Cell verdict(Rule rule, Measurement seen) {
    if (!seen.isLive()) {
      return Cell.none();
    }
    boolean passes = seen.passes(rule);
    return new Cell(passes ? "yes" : "NO", passes, passes ? Ink.GOOD : Ink.BAD);
  }

  private static Cell word(String text) {
    return text.equals(Measurement.NOTHING) ? Cell.none() : Cell.of(text);
  }
}
