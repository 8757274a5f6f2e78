package org.pfnlab.lab.cli;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.lab.iomem.IomemFile;
import org.pfnlab.lab.iomem.KeyAddress;
import org.pfnlab.lab.iomem.TreeReport;
import org.pfnlab.lab.print.Format;
import org.pfnlab.lab.spec.KnownKernel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pfnlab iomem}: checks a resource tree and says what a test for RAM visits in it. */
@Command(
    name = "iomem",
    mixinStandardHelpOptions = true,
    description = {
      "Checks a copy of /proc/iomem and sums it up: resources, depth, RAM, BARs, and how many"
          + " resources one test for RAM visits, for addresses worth knowing and in each era.",
      "",
      "A damaged file ends the command with status 2 and one line: file:line:column, what is wrong,"
          + " what to do."
    },
    footer = {
      "",
      "Example:",
      "  sudo cat /proc/iomem >iomem.txt",
      "  ./pfnlab iomem iomem.txt",
      "  ./pfnlab iomem iomem.txt --address fd000000 --address 480000000"
    })
public final class IomemCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "A copy of /proc/iomem, made as root.")
  private Path file;

  @Option(
      names = "--address",
      paramLabel = "HEX",
      description = "Ask about this address instead of the usual ones; may be repeated.")
  private List<String> addresses = List.of();

  @Option(
      names = "--format",
      paramLabel = "table|json|csv",
      description = "How to print it. Default: table; csv has the addresses only.")
  private Format format = Format.table;

  @Override
  public Integer call() throws IOException {
    ImmutableList<KeyAddress> keys =
        addresses.stream().map(KeyAddress::parse).collect(ImmutableList.toImmutableList());
    // Reading a tree does not depend on the release; walking it is asked for by era.
    Kernel kernel =
        new Kernel(KernelProfile.of(KnownKernel.all().reverse().get(0).version().toString()));
    IomemFile read = IomemFile.read(file);
    ResourceTree tree = read.parse(kernel);
    boolean colour = spec.commandLine().getColorScheme().ansi().enabled();
    new TreeReport(read.name(), tree, keys).print(format, spec.commandLine().getOut(), colour);
    return 0;
  }
}
