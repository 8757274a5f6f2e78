package org.pfnlab.lab.cost;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.iomem.IomemFeatures;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.lab.iomem.Bars;
import org.pfnlab.lab.iomem.GrowingTree;
import org.pfnlab.lab.iomem.IomemFile;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Figures;
import org.pfnlab.lab.print.Plot;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.spec.KernelSpec;

/**
 * What one page costs while the resource tree grows: vmf_insert_pfn under both walks and with the
 * BAR early and late, against io-mapping, which does not care. Both fill everything in one fault,
 * so that faults are not in it. Runs on made-up trees.
 *
 * @param points one for each size
 */
public record Curve(ImmutableList<Point> points) {
  /** The largest tree that is made up. */
  public static final int LARGEST = 8192;

  private static final int PAGES = 512;

  /** A BAR's place under one of the walks. */
  private enum Line {
    SKIP_EARLY('s', "skip, BAR early", "skip_early", GrowingTree.Place.EARLY, true),
    SKIP_LATE('S', "skip, BAR late", "skip_late", GrowingTree.Place.LATE, true),
    FULL_EARLY('f', "full, BAR early", "full_early", GrowingTree.Place.EARLY, false),
    FULL_LATE('F', "full, BAR late", "full_late", GrowingTree.Place.LATE, false);

    final char mark;
    final String title;
    final String key;
    final GrowingTree.Place place;
    final boolean skips;

    Line(char mark, String title, String key, GrowingTree.Place place, boolean skips) {
      this.mark = mark;
      this.title = title;
      this.key = key;
      this.place = place;
      this.skips = skips;
    }

    KernelProfile kernel(KernelProfile asked) {
      KernelProfile descending = asked.with(IomemFeatures.IOMEM_WALK_DESCENDS);
      return skips
          ? descending.with(IomemFeatures.IOMEM_SKIP_CHILDREN)
          : descending
              .without(IomemFeatures.IOMEM_SKIP_CHILDREN)
              .without(IomemFeatures.IOMEM_SIBLINGS_ONLY);
    }
  }

  /**
   * One size.
   *
   * @param resources how many the tree has
   * @param nodes visited by a test for RAM, by line
   * @param perPfn time of a page, by line
   * @param ioMapping time of a page, whatever the tree
   */
  public record Point(
      int resources,
      ImmutableList<Long> nodes,
      ImmutableList<Estimate> perPfn,
      Estimate ioMapping) {}

  /** Hears how many sizes are done. */
  @FunctionalInterface
  public interface Watcher {
    void done(int sizes);
  }

  /** Runs all sizes on this kernel, but for its walk. */
  public static Curve run(KernelSpec kernel, CostModel model) {
    return run(kernel, model, sizes(GrowingTree.SMALLEST, LARGEST), done -> {});
  }

  /** Sizes from one to another, doubling; the last one is always there. */
  public static ImmutableList<Integer> sizes(int from, int to) {
    ImmutableList.Builder<Integer> sizes = ImmutableList.builder();
    for (int size = from; size < to; size *= 2) {
      sizes.add(size);
    }
    return sizes.add(to).build();
  }

  /** Runs these sizes on this kernel, but for its walk. */
  public static Curve run(
      KernelSpec kernel, CostModel model, ImmutableList<Integer> sizes, Watcher watcher) {
    List<Point> points = new ArrayList<>();
    Strategy perPfn = Strategies.named("prefault");
    Strategy ioMapping = Strategies.named("io-mapping");
    for (int size : sizes) {
      IomemFile tree = GrowingTree.of(size);
      ResourceTree parsed = tree.parse(new Kernel(kernel.profile()));
      ImmutableList.Builder<Long> nodes = ImmutableList.builder();
      ImmutableList.Builder<Estimate> times = ImmutableList.builder();
      Estimate mapped = Estimate.ZERO;
      for (Line line : Line.values()) {
        Bars.Found found = GrowingTree.bar(parsed, line.place);
        KernelSpec on = new KernelSpec(line.kernel(kernel.profile()), kernel.policies());
        CostRun run = new CostRun(tree, new Bar(found.start(), found.size()), PAGES);
        CostResult result = run.run(perPfn, on);
        nodes.add(result.nodes() / result.ramTests());
        times.add(result.perPage(model));
        mapped = run.run(ioMapping, on).perPage(model);
      }
      points.add(new Point(size, nodes.build(), times.build(), mapped));
      watcher.done(points.size());
    }
    return new Curve(ImmutableList.copyOf(points));
  }

  /** One row a size. */
  public Table table() {
    List<Column> columns = new ArrayList<>();
    columns.add(Column.figures("resources", "resources"));
    for (Line line : Line.values()) {
      columns.add(Column.figures(line.title, line.key + "_nodes"));
      columns.add(Column.figures("ns", line.key + "_ns"));
    }
    columns.add(Column.figures("io-mapping ns", "io_mapping_ns"));
    Table.Builder table = Table.of(columns);
    for (Point point : points) {
      List<Cell> row = new ArrayList<>();
      row.add(Cell.count(point.resources));
      for (int i = 0; i < point.nodes.size(); i++) {
        row.add(Cell.count(point.nodes.get(i)));
        row.add(figure(point.perPfn.get(i).typical()));
      }
      row.add(figure(point.ioMapping.typical()));
      table.row(row);
    }
    return table.build();
  }

  private static Cell figure(double ns) {
    return Cell.of(Figures.number(ns), Math.round(ns * 1000) / 1000.0);
  }

  /** The same as a plot. */
  public String plot() {
    Plot plot =
        new Plot(
            "ns a page (vertical) over resources in the tree (horizontal), both logarithmic",
            points.stream().map(point -> Integer.toString(point.resources)).toList());
    int i = 0;
    for (Line line : Line.values()) {
      double[] values = new double[points.size()];
      for (int p = 0; p < values.length; p++) {
        values[p] = points.get(p).perPfn.get(i).typical();
      }
      plot.add(line.mark, "vmf_insert_pfn, " + line.title, values);
      i++;
    }
    plot.add('i', "io-mapping", points.stream().mapToDouble(p -> p.ioMapping.typical()).toArray());
    return plot.draw();
  }
}
