package org.pfnlab.lab.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.lab.memtype.KnownMachine;
import org.pfnlab.lab.memtype.MemtypeList;
import org.pfnlab.lab.memtype.MemtypeReport;
import org.pfnlab.lab.memtype.Wish;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.spec.KnownKernel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pfnlab memtype}: checks a list of cache-mode reservations and asks for one more. */
@Command(
    name = "memtype",
    mixinStandardHelpOptions = true,
    description = {
      "Checks a copy of x86/pat_memtype_list, of a machine whose resources it may know, and says"
          + " what one more reservation would get and by which rules.",
      "",
      "Status 1: the list is none that a kernel could have, or the reservation would not get the"
          + " type that was asked for. A damaged file ends the command with status 2 and one line."
    },
    footer = {
      "",
      "Example:",
      "  sudo cat /sys/kernel/debug/x86/pat_memtype_list >memtypes.txt",
      "  sudo cat /proc/iomem >iomem.txt",
      "  ./pfnlab memtype memtypes.txt --iomem iomem.txt",
      "  ./pfnlab memtype memtypes.txt --iomem iomem.txt --reserve f8000000+10000 wc"
    })
public final class MemtypeCommand implements Callable<Integer> {
  private enum Format {
    text,
    json
  }

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      description = "A copy of /sys/kernel/debug/x86/pat_memtype_list, made as root.")
  private Path file;

  @Option(
      names = "--iomem",
      paramLabel = "FILE",
      description = {
        "The same machine's /proc/iomem.",
        "Without it, everything is taken for device memory."
      })
  private @Nullable Path iomem;

  @Option(
      names = "--mtrr",
      paramLabel = "FILE",
      description = {
        "The same machine's /proc/mtrr; only a wish for write-back is held against it.",
        "Without it, RAM is taken for write-back and the rest for uncached."
      })
  private @Nullable Path mtrr;

  @Option(
      names = "--reserve",
      arity = "2",
      paramLabel = "RANGE TYPE",
      hideParamSyntax = true,
      description = {
        "What one more reservation would get: START-END (end exclusive) or START+BYTES, all"
            + " hexadecimal; a type by its name in the list, or wb, wc, uc-, uc, wt, wp."
      })
  private List<String> reserve = List.of();

  @Option(
      names = "--kernel",
      paramLabel = "SPEC",
      description = "The kernel that decides. Default: the newest known one.")
  private @Nullable String kernel;

  @Option(
      names = "--format",
      paramLabel = "text|json",
      description = "How to print it. Default: text.")
  private Format format = Format.text;

  @Override
  public Integer call() throws IOException {
    if (reserve.size() > 2) {
      throw new ParameterException(spec.commandLine(), "--reserve can be given once");
    }
    Wish wish = reserve.isEmpty() ? null : Wish.parse(reserve.get(0), reserve.get(1));
    KernelProfile profile =
        kernel == null
            ? KernelProfile.of(KnownKernel.all().reverse().get(0).version().toString())
            : KernelSpec.parse(kernel).profile();
    MemtypeList list = MemtypeList.read(file);
    KnownMachine machine = KnownMachine.read(new Kernel(profile), iomem, mtrr);
    MemtypeReport report = new MemtypeReport(list, machine, wish);
    PrintWriter out = spec.commandLine().getOut();
    if (format == Format.json) {
      report.json(out);
    } else {
      report.text(out, spec.commandLine().getColorScheme().ansi().enabled());
    }
    return report.holds() ? 0 : 1;
  }
}
