package org.pfnlab.lab.report;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.cost.BarChoice;
import org.pfnlab.lab.cost.BypassStudy;
import org.pfnlab.lab.cost.CostModel;
import org.pfnlab.lab.cost.CostResult;
import org.pfnlab.lab.cost.CostRun;
import org.pfnlab.lab.cost.Estimate;
import org.pfnlab.lab.cost.Strategies;
import org.pfnlab.lab.iomem.IomemFile;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Document;
import org.pfnlab.lab.print.Figures;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.spec.KernelSpec;

/**
 * What one machine's resource tree means for drivers that map memory.
 *
 * @param kernel the kernel that is asked about
 * @param resources how many the tree has
 * @param treeName where the tree comes from
 * @param study 1 GiB through TTM
 * @param bar what BAR strategies map, or null if the tree has none
 * @param mapped how the BAR is mapped by each strategy; empty if there is none
 */
public record MachineReport(
    KernelSpec kernel,
    int resources,
    String treeName,
    BypassStudy study,
    @Nullable BarChoice bar,
    ImmutableList<CostResult> mapped) {
  private static final long BAR_PAGES = 16_384;
  private static final ImmutableList<String> BAR_STRATEGIES =
      ImmutableList.of("per-pfn", "prefault", "remap", "io-mapping");

  /** Runs everything. */
  public static MachineReport run(
      IomemFile tree, int resources, @Nullable BarChoice bar, KernelSpec kernel, CostModel model) {
    BypassStudy study = BypassStudy.run(tree, kernel, BypassStudy.GIB_PAGES, model);
    ImmutableList<CostResult> mapped = ImmutableList.of();
    if (bar != null) {
      mapped =
          new CostRun(tree, bar.bar(), BAR_PAGES)
              .runAll(
                  BAR_STRATEGIES.stream().map(Strategies::named).toList(),
                  ImmutableList.of(kernel));
    }
    return new MachineReport(kernel, resources, tree.name(), study, bar, mapped);
  }

  /** The report, with this between its parts about cost. */
  public Document document(Rules rules) {
    Document.Builder page = Document.build();
    page.picture(
        treeName
            + ": "
            + Figures.plural(resources, "resource", "resources")
            + ", kernel "
            + kernel
            + "\n");
    ttm(page);
    rules.append(page);
    bar(page);
    page.heading("How it is known");
    page.items(
        ImmutableList.of(
            "Counts are exact: the model maps the pages and touches each one in turn.",
            "Times are counts times prices, typical and from low to high; 'pfnlab cost --format"
                + " json' shows every price with its source, --costs replaces them. Allocating and"
                + " clearing what is mapped, and the mmap call itself, are not in them.",
            "Published: C. Konig, 20 August 2025, message"
                + " 20250820143739.3422-1-christian.koenig@amd.com; the ways out: D. Hildenbrand, 26"
                + " August 2025, message 75aca34d-3557-49e9-a523-bd3244c28190@redhat.com."));
    return page.done();
  }

  private void ttm(Document.Builder page) {
    page.heading("1 GiB through TTM: page by page with PAT, or bypassing it");
    page.paragraph(
        "Published in August 2025: 197 ms with PAT asked for each page, 20 ms with PAT bypassed"
            + " \"together with another change\", filling with apply_to_page_range instead of one"
            + " vmf_insert_pfn_prot a page. The tree of that machine is not known.");
    page.table(study.times());
    if (study.full().pages() < BypassStudy.GIB_PAGES) {
      page.paragraph(
          "This machine has too little memory for 1 GiB at once: "
              + Figures.count(study.full().pages())
              + " pages were mapped, and times of 1 GiB are scaled from them.");
    }
    page.items(study.findings());
    page.paragraph("Where the time goes, typical ns a page:");
    page.table(study.parts());
    page.paragraph(
        "Which trees give the published 9.9x, and 25% less and more: resources visited by one test"
            + " for RAM, by what a visit costs.");
    page.table(study.solutions());
    page.items(
        study.others().stream()
            .map(result -> result.strategy().name() + ": " + result.strategy().about())
            .toList());
  }

  private void bar(Document.Builder page) {
    page.heading("Mapping a BAR: per pfn, or reserved once");
    if (bar == null) {
      page.paragraph("This tree has no BAR; 'pfnlab cost --bar SIZE' adds one and maps it.");
      return;
    }
    CostResult first = mapped.get(0);
    page.paragraph(
        "BAR "
            + bar.name()
            + " at "
            + Figures.address(bar.bar().base())
            + ", "
            + Figures.plural(first.pages(), "page", "pages")
            + " of it mapped and touched.");
    Table.Builder table =
        Table.of(
            Column.words("strategy", "strategy"),
            Column.figures("nodes a test", "nodes_per_test"),
            Column.figures("RAM tests", "ram_tests"),
            Column.figures("lookups", "lookups"),
            Column.figures("locks", "locks"),
            Column.figures("faults", "faults"),
            Column.figures("ns a page", "ns"),
            Column.figures("low-high", "range"),
            Column.figures("in all", "all"));
    CostModel model = study.model();
    for (CostResult result : mapped) {
      Estimate each = result.perPage(model);
      table.row(
          Cell.of(result.strategy().name()),
          result.ramTests() == 0 ? Cell.none() : Cell.count(result.nodes() / result.ramTests()),
          Cell.count(result.ramTests()),
          Cell.count(result.lookups()),
          Cell.count(result.locks()),
          Cell.count(result.faults()),
          Cell.of(Figures.number(each.typical())),
          Cell.of(each.range()),
          Cell.of(Figures.time(result.cost(model).typical())));
    }
    page.table(table.build());
    page.items(
        mapped.stream()
            .map(result -> result.strategy().name() + ": " + result.strategy().about())
            .toList());
  }
}
