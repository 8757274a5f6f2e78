package org.pfnlab.lab.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.IomemFormatException;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.iomem.IomemFile;
import org.pfnlab.lab.replay.counts.CountedProgram;
import org.pfnlab.lab.replay.counts.CountsText;
import org.pfnlab.lab.spec.KernelSpec;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pfnlab counts}: which kernel functions a mapping's life calls, and how often. */
@Command(
    name = "counts",
    mixinStandardHelpOptions = true,
    description = {
      "Maps memory of a kind, touches it, gets its pages, forks, unmaps it and so on, and prints for"
          + " each operation which functions of the chosen kernel are called how often, as ftrace's"
          + " function profiler prints them, and how many resources are visited.",
      "",
      "It is the program of the recordings that 'replay' compares. 'matrix --help' tells more about"
          + " kinds; anon, memfd, file_tmpfs and file_ext4 can be mapped too."
    },
    footer = {
      "",
      "Example:",
      "  ./pfnlab counts mod_b_bar_insert_pfn_wc --pages 16 --op mmap,touch_store,munmap",
      "  ./pfnlab counts amdgpu_gtt --pages 512 --kernel v6.1 --iomem iomem.txt --format csv"
    })
public final class CountsCommand implements Callable<Integer> {
  private enum Format {
    text,
    json,
    csv
  }

  /** In capitals, because {@code private} is a word of Java; case does not count. */
  private enum Sharing {
    SHARED,
    PRIVATE
  }

  private static final String DEFAULT_KERNEL = "v6.18.2";

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "KIND", description = "What is mapped.")
  private String kind;

  @Option(
      names = "--pages",
      paramLabel = "N",
      description = "How many pages are mapped. Default: 16.")
  private int pages = 16;

  @Option(
      names = "--map",
      paramLabel = "shared|private",
      description = "How it is mapped. Default: shared.")
  private Sharing map = Sharing.SHARED;

  @Option(
      names = "--op",
      paramLabel = "NAME",
      split = ",",
      description = {
        "Only these operations, separated by commas; those before them are done, uncounted."
            + " Default: all."
      })
  private List<String> operations = List.of();

  @Option(
      names = "--kernel",
      paramLabel = "SPEC",
      description = "The kernel. Default: " + DEFAULT_KERNEL + ".")
  private String kernel = DEFAULT_KERNEL;

  @Option(
      names = "--iomem",
      paramLabel = "FILE",
      description = {
        "The resource tree: a copy of /proc/iomem.",
        "Default: a small one, with 1 GiB of memory and a BAR of 64 MiB."
      })
  private @Nullable Path iomem;

  @Option(
      names = "--format",
      paramLabel = "text|json|csv",
      description = "How to print it. Default: text.")
  private Format format = Format.text;

  @Override
  public Integer call() throws IOException {
    if (pages < 1 || pages > CountedProgram.MOST_PAGES) {
      throw BadInput.because(
          "--pages " + pages + " is not from 1 to " + CountedProgram.MOST_PAGES + "; take fewer");
    }
    KernelSpec asked = KernelSpec.parse(kernel);
    IomemFile file = iomem == null ? null : IomemFile.read(iomem);
    CountsText text = new CountsText(asked.toString(), run(asked, file));
    PrintWriter out = spec.commandLine().getOut();
    switch (format) {
      case text -> text.text(out);
      case json -> text.json(out);
      case csv -> text.csv(out);
    }
    return 0;
  }

  private CountedProgram run(KernelSpec asked, @Nullable IomemFile file) {
    MachineConfig config = MachineConfig.of(asked.profile()).withPolicies(asked.policies());
    try {
      return CountedProgram.run(
          file == null ? config : config.withIomem(file.text()),
          kind,
          map == Sharing.SHARED,
          pages,
          operations);
    } catch (IomemFormatException e) {
      String name = file == null ? "the small tree" : file.name();
      throw BadInput.at(name, e.line(), e.column(), e.problem()).causedBy(e);
    }
  }
}
