package org.pfnlab.lab.iomem;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.Iores;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.iomem.ResourceWalk;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Csv;
import org.pfnlab.lab.print.Figures;
import org.pfnlab.lab.print.Format;
import org.pfnlab.lab.print.Ink;
import org.pfnlab.lab.print.Json;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.print.TextTable;

/** What {@code pfnlab iomem} says about a tree. */
public final class TreeReport {
  private static final long MIB = 1L << 20;
  private static final int RAM = Iores.SYSTEM_RAM | Iores.BUSY;

  private final String file;
  private final ResourceTree tree;
  private final ImmutableList<KeyAddress> addresses;
  private final RamPieces ram;
  private final Bars bars;

  /** About these addresses of the tree; about those worth knowing if there are none. */
  public TreeReport(String file, ResourceTree tree, ImmutableList<KeyAddress> addresses) {
    this.file = file;
    this.tree = tree;
    this.addresses = addresses.isEmpty() ? KeyAddress.of(tree) : addresses;
    ram = RamPieces.of(tree);
    bars = Bars.of(tree);
  }

  /** Prints it in this form. */
  public void print(Format format, PrintWriter out, boolean colour) throws IOException {
    switch (format) {
      case table -> out.print(text(colour));
      case json -> Json.print(json(), out);
      case csv -> Csv.print(visits(), out);
    }
  }

  private String text(boolean colour) {
    StringBuilder text = new StringBuilder();
    text.append(file)
        .append(": ")
        .append(Figures.plural(tree.size(), "resource", "resources"))
        .append(", ")
        .append(Figures.count(firstLevel()))
        .append(" on the first level, ")
        .append(Figures.plural(levels(), "level", "levels"))
        .append(" deep\n  System RAM: ")
        .append(Figures.plural(ram.pieces().size(), "piece", "pieces"));
    if (!ram.pieces().isEmpty()) {
      text.append(", ").append(Figures.size(ram.size()));
    }
    text.append("\n  BARs: ").append(Figures.count(bars.all().size()));
    Bars.Found biggest = bars.biggest();
    if (biggest != null) {
      text.append(", the biggest ")
          .append(Figures.size(biggest.size()))
          .append(" at ")
          .append(Figures.address(biggest.start()))
          .append(" (")
          .append(biggest.name())
          .append(')');
    }
    text.append("\n\nResources that one test for RAM visits (find_next_iomem_res, one page):\n\n");
    text.append(TextTable.print(visits(), colour)).append('\n');
    for (ResourceWalk walk : ResourceWalk.values()) {
      text.append(
          "%-11s  %s%n%-11s  %s%n"
              .replace("%n", "\n")
              .formatted(
                  WalkEras.shortName(walk), WalkEras.about(walk), "", WalkEras.releases(walk)));
    }
    if (addresses.stream().anyMatch(a -> a.address() < MIB)) {
      text.append("Below 1 MiB, PAT takes everything for device memory and does not walk.\n");
    }
    return text.toString();
  }

  private Map<String, @Nullable Object> json() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("file", file);
    json.put("resources", tree.size());
    json.put("first_level", firstLevel());
    json.put("levels", levels());
    json.put("ram_pieces", ram.pieces().size());
    json.put("ram_bytes", ram.size());
    json.put("bars", bars.all().size());
    Bars.Found biggest = bars.biggest();
    if (biggest != null) {
      Map<String, @Nullable Object> bar = new LinkedHashMap<>();
      bar.put("address", Figures.address(biggest.start()));
      bar.put("bytes", biggest.size());
      bar.put("name", biggest.name());
      json.put("biggest_bar", bar);
    }
    Map<String, @Nullable Object> eras = new LinkedHashMap<>();
    for (ResourceWalk walk : ResourceWalk.values()) {
      eras.put(key(walk), WalkEras.releases(walk));
    }
    json.put("walks", eras);
    json.put("visits", visits());
    return json;
  }

  private Table visits() {
    List<Column> columns = new ArrayList<>();
    columns.add(Column.words("address", "address"));
    boolean typed = addresses.stream().allMatch(key -> key.what().isEmpty());
    if (!typed) {
      columns.add(Column.words("what", "what"));
    }
    columns.add(Column.words("RAM", "ram"));
    for (ResourceWalk walk : ResourceWalk.values()) {
      columns.add(Column.figures(WalkEras.shortName(walk), key(walk)));
    }
    columns.add(Column.words("lies in", "lies_in"));
    Table.Builder table = Table.of(columns);
    for (KeyAddress key : addresses) {
      int inner = innermost(key.address());
      boolean isRam = inner >= 0 && (tree.flags(inner) & RAM) == RAM;
      List<Cell> row = new ArrayList<>();
      row.add(Cell.of(Figures.address(key.address())));
      if (!typed) {
        row.add(Cell.of(key.what()));
      }
      row.add(new Cell(isRam ? "yes" : "no", isRam, Ink.PLAIN));
      for (ResourceWalk walk : ResourceWalk.values()) {
        row.add(Cell.count(tree.visitsOfRamTest(key.address(), walk)));
      }
      row.add(inner < 0 ? Cell.of("nothing") : Cell.of(Bars.name(tree, inner)));
      table.row(row);
    }
    return table.build();
  }

  private static String key(ResourceWalk walk) {
    return WalkEras.shortName(walk).replace(' ', '_');
  }

  private int innermost(long address) {
    int inner = -1;
    for (int i = 0; i < tree.size() && tree.start(i) <= address; ) {
      if (tree.end(i) >= address) {
        inner = i++;
      } else {
        i = tree.next(i);
      }
    }
    return inner;
  }

  private int firstLevel() {
    int count = 0;
    for (int i = 0; i < tree.size(); i = tree.next(i)) {
      count++;
    }
    return count;
  }

  private int levels() {
    int deepest = 0;
    for (int i = 0; i < tree.size(); i++) {
      deepest = Math.max(deepest, tree.depth(i) + 1);
    }
    return deepest;
  }
}
