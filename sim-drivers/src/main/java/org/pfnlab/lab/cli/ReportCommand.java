package org.pfnlab.lab.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.lab.cost.BarChoice;
import org.pfnlab.lab.cost.CostModel;
import org.pfnlab.lab.iomem.MachineTree;
import org.pfnlab.lab.print.Document;
import org.pfnlab.lab.report.DriverMemory;
import org.pfnlab.lab.report.MachineReport;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.spec.PolicyCatalog;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code pfnlab report}: what this machine's resource tree means for drivers that map memory. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = {
      "Says what a machine's resource tree means for drivers that map memory: 1 GiB through TTM with"
          + " PAT and without, what may be done to driver memory today and if a dma-buf mmap must be"
          + " VM_PFNMAP, and what mapping a BAR costs.",
      "",
      "Without --iomem it is about this machine. Where /proc/iomem shows no addresses (not root) or"
          + " does not exist, one line says so and a bundled tree of a laptop is used."
    },
    footer = {
      "",
      "Example:",
      "  ./pfnlab report",
      "  ./pfnlab report --iomem iomem.txt --kernel v6.18.2 --out report.md"
    })
public final class ReportCommand implements Callable<Integer> {
  private static final String DEFAULT_KERNEL = "v6.18.2";

  @Spec private CommandSpec spec;

  @Option(
      names = "--iomem",
      paramLabel = "FILE",
      description = "The resource tree: a copy of /proc/iomem. Default: this machine's.")
  private @Nullable Path iomem;

  @Option(
      names = "--kernel",
      paramLabel = "SPEC",
      description = "The kernel to ask. Default: " + DEFAULT_KERNEL + ".")
  private String kernel = DEFAULT_KERNEL;

  @Option(
      names = "--out",
      paramLabel = "FILE.md",
      description = "Write the report there, as Markdown.")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    if (out != null) {
      Outputs.requireFile(out);
    }
    KernelSpec asked = KernelSpec.parse(kernel);
    MachineTree machine = MachineTree.choose(iomem);
    if (machine.notice() != null) {
      spec.commandLine().getErr().print("pfnlab: " + machine.notice() + "\n");
      // Before the tables, not behind them.
      spec.commandLine().getErr().flush();
    }
    ResourceTree tree = machine.file().parse(new Kernel(asked.profile()));
    BarChoice bar = BarChoice.in(machine.file(), tree, 0);
    Document report =
        MachineReport.run(machine.file(), tree.size(), bar, asked, CostModel.standard())
            .document(new DriverMemory(asked, PolicyCatalog.standard()));
    Path to = out;
    if (to == null) {
      boolean colour = spec.commandLine().getColorScheme().ansi().enabled();
      spec.commandLine().getOut().print(report.text(colour));
    } else {
      Files.writeString(to, report.markdown());
      spec.commandLine().getErr().print("pfnlab: wrote " + to + "\n");
    }
    return 0;
  }
}
