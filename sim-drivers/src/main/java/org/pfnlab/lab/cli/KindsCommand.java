package org.pfnlab.lab.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.lab.audit.KindList;
import org.pfnlab.lab.print.Format;
import org.pfnlab.lab.spec.KernelSpec;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code pfnlab kinds}: every kind of memory that can be mapped here. */
@Command(
    name = "kinds",
    mixinStandardHelpOptions = true,
    description = {
      "Maps every kind of driver memory shared and prints what filled its page tables, the flags"
          + " that the driver left, the kernel function behind it, the releases that changed it,"
          + " and how that is known. What cannot be mapped shows its error."
    },
    footer = {"", "Example:", "  ./pfnlab kinds --kernel v5.11 --kernel v6.18.2 --format csv"})
public final class KindsCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private KernelsOption kernels;

  @Option(
      names = "--format",
      paramLabel = "table|json|csv",
      description = "How to print it. Default: table; json and csv tell the features too.")
  private Format format = Format.table;

  @Override
  public Integer call() throws IOException {
    List<KernelSpec> specs = kernels.specs();
    KindList.run(specs, KindCatalog.standard())
        .print(
            format,
            spec.commandLine().getOut(),
            spec.commandLine().getColorScheme().ansi().enabled());
    return 0;
  }
}
