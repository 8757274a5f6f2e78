package org.pfnlab.lab.cost;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.pfnlab.core.iomem.IomemFeatures;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.iomem.ResourceWalk;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.lab.iomem.IomemFile;
import org.pfnlab.lab.iomem.WalkEras;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Figures;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.spec.KernelSpec;

/**
 * The open question of August 2025: why mapping 1 GiB through TTM took 197 ms with PAT asked for
 * each page and 20 ms with PAT bypassed.
 *
 * <p>TTM maps system memory on one tree, under both walks and by each way out; the price of a
 * resource's visit is then solved for, which makes the published ratio come out.
 *
 * @param bypass PAT bypassed, apply_to_page_range for each fault
 * @param full page by page, every resource compared
 * @param skip page by page, children of first-level resources skipped
 * @param others the ways out that were named, but for those that this kernel has nothing for
 * @param model the prices
 */
public record BypassStudy(
    CostResult bypass,
    CostResult full,
    CostResult skip,
    ImmutableList<CostResult> others,
    CostModel model) {
  /** Pages of 1 GiB. */
  public static final long GIB_PAGES = 262_144;

  /** Enough for the ways out, whose cost of a page does not depend on how many there are. */
  private static final long FEW_PAGES = 32_768;

  /** Parts of the work that are done only because PAT is asked. */
  private static final ImmutableList<String> PAT_PARTS =
      ImmutableList.of("RAM test", "resource_lock", "cache-mode lookup");

  /** Published: C. Konig, 20 August 2025. */
  public static final double PUBLISHED_MS = 197;

  /** Published, with the bypass. */
  public static final double PUBLISHED_BYPASS_MS = 20;

  private static final ImmutableList<String> WAYS_OUT =
      ImmutableList.of("ttm-pfn-ram", "ttm-pages", "ttm-pat-ram");

  private static final ImmutableList<Double> NODE_PRICES =
      ImmutableList.of(2.0, 3.0, 4.0, 10.0, 20.0, 50.0, 75.0, 100.0);

  /** Runs it on a kernel, but for its walk. */
  public static BypassStudy run(IomemFile tree, KernelSpec kernel, long pages, CostModel model) {
    CostRun run = new CostRun(tree, null, pages);
    CostRun few = new CostRun(tree, null, Math.min(pages, FEW_PAGES));
    KernelSpec skips = walking(kernel, true);
    KernelSpec descends = walking(kernel, false);
    Strategy pageByPage = Strategies.named("ttm-prefault");
    ImmutableList.Builder<CostResult> others = ImmutableList.builder();
    for (String name : WAYS_OUT) {
      Strategy strategy = Strategies.named(name);
      if (few.obstacle(strategy, skips) == null) {
        others.add(few.run(strategy, skips));
      }
    }
    return new BypassStudy(
        run.run(Strategies.named("ttm-bulk"), skips),
        run.run(pageByPage, descends),
        run.run(pageByPage, skips),
        others.build(),
        model);
  }

  private static KernelSpec walking(KernelSpec kernel, boolean skips) {
    KernelProfile base = kernel.profile().with(IomemFeatures.IOMEM_WALK_DESCENDS);
    KernelProfile profile =
        skips
            ? base.with(IomemFeatures.IOMEM_SKIP_CHILDREN)
            : base.without(IomemFeatures.IOMEM_SKIP_CHILDREN)
                .without(IomemFeatures.IOMEM_SIBLINGS_ONLY);
    return new KernelSpec(profile, kernel.policies());
  }

  /** What 1 GiB takes by each way, and how that compares with the bypass. */
  public Table times() {
    Table.Builder table =
        Table.of(
            Column.words("1 GiB through TTM, system memory", "way"),
            Column.figures("nodes a test", "nodes_per_test"),
            Column.figures("ns a page", "ns"),
            Column.figures("low-high", "range"),
            Column.figures("1 GiB", "gib"),
            Column.figures("of bypass", "ratio"));
    table.row(
        Cell.of("published, page by page"),
        Cell.of("?"),
        Cell.of(Figures.number(PUBLISHED_MS * 1e6 / GIB_PAGES)),
        Cell.none(),
        Cell.of(Figures.time(PUBLISHED_MS * 1e6)),
        Cell.of(Figures.ratio(PUBLISHED_MS / PUBLISHED_BYPASS_MS)));
    table.row(
        Cell.of("published, bypass"),
        Cell.none(),
        Cell.of(Figures.number(PUBLISHED_BYPASS_MS * 1e6 / GIB_PAGES)),
        Cell.none(),
        Cell.of(Figures.time(PUBLISHED_BYPASS_MS * 1e6)),
        Cell.of("1x"));
    row(table, "here, page by page, full walk", full);
    row(table, "here, page by page, skipping walk", skip);
    for (CostResult other : others) {
      row(table, "here, " + other.strategy().name(), other);
    }
    row(table, "here, bypass", bypass);
    return table.build();
  }

  private void row(Table.Builder table, String way, CostResult result) {
    Estimate each = result.perPage(model);
    table.row(
        Cell.of(way),
        result.ramTests() == 0 ? Cell.none() : Cell.count(result.nodes() / result.ramTests()),
        Cell.of(Figures.number(each.typical())),
        Cell.of(each.range()),
        Cell.of(Figures.time(each.typical() * GIB_PAGES)),
        Cell.of(Figures.ratio(each.typical() / bypass.perPage(model).typical())));
  }

  /** Where the time goes, ns a page by part of the work. */
  public Table parts() {
    Table.Builder table =
        Table.of(
            Column.words("ns a page", "part"),
            Column.figures("full walk", "full"),
            Column.figures("skipping walk", "skip"),
            Column.figures("bypass", "bypass"));
    ImmutableMap<String, Estimate> inFull = full.partsPerPage(model);
    ImmutableMap<String, Estimate> inSkip = skip.partsPerPage(model);
    ImmutableMap<String, Estimate> inBypass = bypass.partsPerPage(model);
    Set<String> names = new LinkedHashSet<>(inFull.keySet());
    names.addAll(inBypass.keySet());
    for (String name : names) {
      table.row(Cell.of(name), part(inFull, name), part(inSkip, name), part(inBypass, name));
    }
    return table.build();
  }

  private static Cell part(ImmutableMap<String, Estimate> parts, String name) {
    Estimate part = parts.get(name);
    return part == null ? Cell.none() : Cell.of(Figures.number(part.typical()));
  }

  /**
   * What the walk of one page must cost, in ns, for page by page to be so many times the bypass.
   */
  public Estimate walkFor(double ratio) {
    Estimate withoutNodes = full.perPageWithoutNodes(model);
    return bypass.perPage(model).times(ratio).minus(withoutNodes);
  }

  /** What the walk of one page must have cost if page by page took this many ns a page. */
  public double walkForTime(double nsPerPage) {
    return nsPerPage - full.perPageWithoutNodes(model).typical();
  }

  /** The published ratio. */
  public static double publishedRatio() {
    return PUBLISHED_MS / PUBLISHED_BYPASS_MS;
  }

  /** For each price of a visit, how many resources a test visits where the ratio comes out. */
  public Table solutions() {
    Table.Builder table =
        Table.of(
            Column.figures("ns a node", "ns_per_node"),
            Column.figures("nodes for 7.4x", "nodes_low"),
            Column.figures("for 9.9x", "nodes"),
            Column.figures("for 12.3x", "nodes_high"),
            Column.words("", "note"));
    Estimate hot = model.each(ResourceTree.NODE_VISITED.name(), false);
    Estimate cold = model.each(ResourceTree.NODE_VISITED.name(), true);
    for (double price : NODE_PRICES) {
      table.row(
          Cell.of(Figures.number(price), price),
          nodes(0.75, price),
          nodes(1, price),
          nodes(1.25, price),
          Cell.of(note(price, hot, cold)));
    }
    return table.build();
  }

  private static String note(double price, Estimate hot, Estimate cold) {
    if (price >= hot.low() && price <= hot.high()) {
      return "the tree in the first-level cache, as in a loop of insertions";
    }
    return price >= cold.low() && price <= cold.high() ? "every resource a cache miss" : "";
  }

  private Cell nodes(double factor, double price) {
    double walk = walkFor(publishedRatio() * factor).typical();
    return walk <= 0 ? Cell.none() : Cell.count(Math.round(walk / price));
  }

  /** The result in sentences. */
  public ImmutableList<String> findings() {
    List<String> findings = new ArrayList<>();
    Estimate walk = walkFor(publishedRatio());
    long nodesFull = full.nodes() / full.ramTests();
    long nodesSkip = skip.nodes() / skip.ramTests();
    Estimate hot = model.each(ResourceTree.NODE_VISITED.name(), false);
    findings.add(
        "A test for RAM visits "
            + Figures.plural(nodesFull, "resource", "resources")
            + " here with the full walk ("
            + WalkEras.releases(ResourceWalk.PREORDER)
            + "), "
            + Figures.count(nodesSkip)
            + " with the one that skips children ("
            + WalkEras.releases(ResourceWalk.SIBLINGS_THEN_PREORDER)
            + "). At "
            + Figures.number(hot.typical())
            + " ns a node the full walk takes "
            + ratio(full)
            + " of the bypass, the skipping one "
            + ratio(skip)
            + ".");
    findings.add(
        "For 9.9x the walk must cost "
            + Figures.number(walk.typical())
            + " ns a page ("
            + walk.range()
            + "): "
            + Figures.count(Math.round(walk.typical() / hot.typical()))
            + " nodes at "
            + Figures.number(hot.typical())
            + " ns, or "
            + Figures.number(walk.typical() / nodesFull)
            + " ns a node on this tree. The published 751 ns a page leave it "
            + Figures.number(walkForTime(PUBLISHED_MS * 1e6 / GIB_PAGES))
            + " ns.");
    double pat = 0;
    for (String part : PAT_PARTS) {
      pat += full.partsPerPage(model).getOrDefault(part, Estimate.ZERO).typical();
    }
    double difference = full.perPage(model).minus(bypass.perPage(model)).typical();
    findings.add(
        "Of the "
            + Figures.number(difference)
            + " ns a page between the two here, asking PAT is "
            + Figures.number(pat)
            + " (RAM test, its lock, lookup) and the other change "
            + Figures.number(difference - pat)
            + " (one page-table walk and lock for each page instead of each fault, less the"
            + " callbacks).");
    Estimate saved = full.perPage(model).minus(skip.perPage(model));
    Estimate all = full.perPage(model).minus(bypass.perPage(model));
    findings.add(
        "Skipping children gives back "
            + Figures.number(saved.typical())
            + " of the "
            + Figures.number(all.typical())
            + " ns a page between the full walk and the bypass, "
            + Figures.time(saved.typical() * GIB_PAGES)
            + " of 1 GiB.");
    return ImmutableList.copyOf(findings);
  }

  private String ratio(CostResult result) {
    return Figures.ratio(result.perPage(model).typical() / bypass.perPage(model).typical());
  }
}
