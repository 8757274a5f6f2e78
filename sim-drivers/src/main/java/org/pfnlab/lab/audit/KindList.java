package org.pfnlab.lab.audit;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.lab.matrix.Evidence;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Csv;
import org.pfnlab.lab.print.Format;
import org.pfnlab.lab.print.Json;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.print.TextTable;
import org.pfnlab.lab.spec.KernelSpec;

/** Every kind of mapping: what fills it and which flags it has, as seen by mapping it. */
public final class KindList {
  private record Line(KernelSpec kernel, Kind kind, Measurement seen, Evidence known) {}

  private final ImmutableList<KernelSpec> kernels;
  private final ImmutableList<Line> lines;

  private KindList(ImmutableList<KernelSpec> kernels, ImmutableList<Line> lines) {
    this.kernels = kernels;
    this.lines = lines;
  }

  /** Maps all kinds on all kernels. */
  public static KindList run(List<KernelSpec> kernels, KindCatalog catalog) {
    ImmutableList.Builder<Line> lines = ImmutableList.builder();
    for (KernelSpec kernel : kernels) {
      Probe probe = new Probe(kernel);
      for (Kind kind : catalog.kinds()) {
        @Nullable Exporter exporter = Exporters.of(kind.name());
        boolean inferred = exporter != null && exporter.inferred();
        lines.add(
            new Line(
                kernel, kind, probe.measure(kind), Evidence.ofMapping(kernel, kind, inferred)));
      }
    }
    return new KindList(ImmutableList.copyOf(kernels), lines.build());
  }

  /** Prints it. */
  public void print(Format format, PrintWriter out, boolean colour) throws IOException {
    switch (format) {
      case table -> {
        String gap = "";
        for (KernelSpec kernel : kernels) {
          out.print(gap + kernel + "\n\n");
          out.print(TextTable.print(table(lines(kernel), false), colour));
          gap = "\n";
        }
      }
      case json -> Json.print(table(lines, true), out);
      case csv -> Csv.print(table(lines, true), out);
    }
  }

  private List<Line> lines(KernelSpec kernel) {
    return lines.stream().filter(line -> line.kernel().equals(kernel)).toList();
  }

  private static Table table(List<Line> lines, boolean list) {
    ImmutableList.Builder<Column> columns = ImmutableList.builder();
    if (list) {
      columns.add(Column.words("kernel", "kernel"));
    }
    columns.add(
        Column.words("kind", "kind"),
        Column.words("filled by", "filled_by"),
        Column.words("flags", "flags"),
        Column.words("symbol", "symbol"),
        Column.words("changes in", "changes_in"),
        Column.words("known", "known"));
    if (list) {
      columns.add(
          Column.words("features", "features"),
          Column.words("source", "source"),
          Column.words("about", "about"));
    }
    Table.Builder table = Table.of(columns.build());
    lines.forEach(line -> table.row(row(line, list)));
    return table.build();
  }

  private static List<Cell> row(Line line, boolean list) {
    Kind kind = line.kind();
    Measurement seen = line.seen();
    ImmutableList.Builder<Cell> cells = ImmutableList.builder();
    if (list) {
      cells.add(Cell.of(line.kernel().toString()));
    }
    cells.add(
        Cell.of(kind.name()),
        Cell.of(seen.isLive() ? seen.filledBy() : seen.shared()),
        seen.isLive() ? Cell.of(FlagNames.of(seen.flags())) : Cell.none(),
        Cell.of(kind.symbol()),
        words(releases(kind)),
        Cell.of(line.known().word()));
    if (list) {
      Exporter exporter = Exporters.of(kind.name());
      cells.add(
          words(kind.features().stream().map(Feature::name).toList()),
          exporter == null ? Cell.none() : Cell.of(exporter.source()),
          Cell.of(kind.about()));
    }
    return cells.build();
  }

  private static Cell words(List<String> words) {
    return words.isEmpty() ? Cell.none() : Cell.of(String.join(" ", words));
  }

  /** Where its features come or go, in order. */
  private static List<String> releases(Kind kind) {
    List<Version> versions = new ArrayList<>();
    for (Feature feature : kind.features()) {
      for (Version version : List.of(feature.releases().from(), feature.releases().until())) {
        if (version.major() > 0 && version.major() < 100) {
          versions.add(version);
        }
      }
    }
    return versions.stream().distinct().sorted().map(Version::toString).toList();
  }
}
