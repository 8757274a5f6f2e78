package org.pfnlab.lab.cli;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.cost.AccessPattern;
import org.pfnlab.lab.cost.BarChoice;
import org.pfnlab.lab.cost.CostModel;
import org.pfnlab.lab.cost.CostProfile;
import org.pfnlab.lab.cost.CostReport;
import org.pfnlab.lab.cost.CostRun;
import org.pfnlab.lab.cost.Curve;
import org.pfnlab.lab.cost.Strategies;
import org.pfnlab.lab.cost.Strategy;
import org.pfnlab.lab.iomem.GrowingTree;
import org.pfnlab.lab.iomem.IomemFile;
import org.pfnlab.lab.iomem.MachineTree;
import org.pfnlab.lab.print.Figures;
import org.pfnlab.lab.print.Format;
import org.pfnlab.lab.spec.KernelSpec;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code pfnlab cost}: what mapping costs by each strategy, counted and in modelled time. */
@Command(
    name = "cost",
    mixinStandardHelpOptions = true,
    description = {
      "Maps memory by each strategy on the model of a machine, counts what the kernel does, and"
          + " turns the counts into nanoseconds with a range.",
      "",
      "BAR strategies map the biggest BAR of the tree, TTM strategies system memory. Floor and"
          + " ceiling of each are always in the table."
    },
    footer = {
      "",
      "Example:",
      "  ./pfnlab cost --iomem iomem.txt --strategy per-pfn,io-mapping,remap",
      "  ./pfnlab cost --kernel v6.1 --kernel v6.18.2 --bar 1G --pages 262144"
    })
public final class CostCommand implements Callable<Integer> {
  private static final long MOST_PAGES = 1L << 22;

  private static final Pattern SWEEP = Pattern.compile("resources=(\\d{1,6})\\.\\.(\\d{1,6})");

  @Spec private CommandSpec spec;

  @Option(
      names = "--iomem",
      paramLabel = "FILE",
      description = "The resource tree: a copy of /proc/iomem. Default: this machine's.")
  private @Nullable Path iomem;

  @Option(
      names = "--bar",
      paramLabel = "SIZE",
      description = {
        "Map the smallest BAR of at least this size. If there is none, one is put into the highest"
            + " gap of a PCI window. Default: the biggest BAR."
      })
  private @Nullable String bar;

  @Option(
      names = "--pages",
      paramLabel = "N",
      description = "How many pages to map, if there are so many. Default: 65536.")
  private long pages = 65536;

  @Option(
      names = "--strategy",
      paramLabel = "NAME",
      split = ",",
      description = "Only these, separated by commas, or 'all'. Default: all.")
  private List<String> strategies = List.of();

  @Mixin private KernelsOption kernels;

  @Option(
      names = "--pattern",
      paramLabel = "sequential|random|once|refault",
      description = {
        "How the pages are touched: in turn, in random order, one page only, or all of them again"
            + " after the driver took their entries away. Default: sequential."
      })
  private AccessPattern pattern = AccessPattern.SEQUENTIAL;

  @Option(
      names = "--sweep",
      paramLabel = "resources=FROM..TO",
      description = {
        "The sizes of the growing trees, doubling. Default: resources=16..8192, which is all there"
            + " is."
      })
  private @Nullable String sweep;

  @Option(
      names = "--profile",
      paramLabel = "NAME|FILE",
      description = {
        "The machine whose prices are paid: server, mobile-2012 or vm, or a file of lines of 'event"
            + " low typical high source', in ns; an event with @cold behind it is priced for cold"
            + " caches. Default: server. Prices with their sources: --format json."
      })
  private String profile = CostProfile.SERVER;

  @Option(
      names = "--costs",
      paramLabel = "FILE",
      description = {"Prices to use instead of the profile's: lines as in a profile."})
  private @Nullable Path costs;

  @Option(
      names = "--format",
      paramLabel = "table|json|csv",
      description = "How to print it. Default: table; json has every count and price.")
  private Format format = Format.table;

  @Override
  public Integer call() throws IOException {
    if (pages < 1 || pages > MOST_PAGES) {
      throw BadInput.because(
          "--pages " + pages + " is not from 1 to " + MOST_PAGES + "; 262144 are 1 GiB");
    }
    ImmutableList<KernelSpec> specs = kernels.specs();
    ImmutableList<Strategy> wanted =
        strategies.isEmpty() ? Strategies.all() : Strategies.withBounds(strategies);
    ImmutableList<Integer> sizes = sizes(sweep);
    CostModel machinePrices = CostProfile.find(profile);
    CostModel model = costs == null ? machinePrices : machinePrices.with(costs);
    MachineTree machine = MachineTree.choose(iomem);
    if (machine.notice() != null) {
      spec.commandLine().getErr().print("pfnlab: " + machine.notice() + "\n");
      // Before the tables, not behind them.
      spec.commandLine().getErr().flush();
    }
    ResourceTree tree = machine.file().parse(new Kernel(specs.get(0).profile()));
    BarChoice choice =
        BarChoice.in(machine.file(), tree, bar == null ? 0 : Sizes.parse("--bar", bar));
    IomemFile file = choice == null ? machine.file() : choice.tree();
    Bar chosen = choice == null ? null : choice.bar();
    CostRun run = new CostRun(file, chosen, pages, pattern);
    CostReport report =
        new CostReport(
            file.name()
                + ": "
                + Figures.plural(tree.size(), "resource", "resources")
                + about(choice),
            pattern,
            run.runAll(wanted, specs),
            obstacles(run, wanted, specs),
            curve(specs.get(0), model, sizes),
            model);
    report.print(
        format, spec.commandLine().getOut(), spec.commandLine().getColorScheme().ansi().enabled());
    return 0;
  }

  private Curve curve(KernelSpec kernel, CostModel model, ImmutableList<Integer> sizes) {
    Progress progress = new Progress(spec.commandLine().getErr(), "tree", sizes.size());
    return Curve.run(kernel, model, sizes, progress::done);
  }

  private static ImmutableList<Integer> sizes(@Nullable String sweep) {
    if (sweep == null) {
      return Curve.sizes(GrowingTree.SMALLEST, Curve.LARGEST);
    }
    Matcher range = SWEEP.matcher(sweep);
    int from = range.matches() ? Integer.parseInt(range.group(1)) : 0;
    int to = range.matches() ? Integer.parseInt(range.group(2)) : 0;
    if (from < GrowingTree.SMALLEST || to > Curve.LARGEST || from > to) {
      throw BadInput.because(
          "--sweep '"
              + sweep
              + "': expected resources=FROM..TO, from "
              + GrowingTree.SMALLEST
              + " to "
              + Curve.LARGEST);
    }
    return Curve.sizes(from, to);
  }

  private static String about(@Nullable BarChoice choice) {
    if (choice == null) {
      return ", no BAR";
    }
    return ", BAR "
        + choice.name()
        + " at "
        + Figures.address(choice.bar().base())
        + " of "
        + Figures.size(choice.bar().size())
        + (choice.isMadeUp() ? " (added, because none is so big)" : "");
  }

  private static ImmutableList<String> obstacles(
      CostRun run, List<Strategy> strategies, List<KernelSpec> kernels) {
    List<String> obstacles = new ArrayList<>();
    for (KernelSpec kernel : kernels) {
      for (Strategy strategy : strategies) {
        String obstacle = run.obstacle(strategy, kernel);
        if (obstacle != null) {
          obstacles.add(strategy.name() + " on " + kernel + ": " + obstacle);
        }
      }
    }
    return ImmutableList.copyOf(obstacles);
  }
}
