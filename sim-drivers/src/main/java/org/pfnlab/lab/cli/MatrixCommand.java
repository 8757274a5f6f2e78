package org.pfnlab.lab.cli;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.lab.matrix.Matrix;
import org.pfnlab.lab.matrix.MatrixReport;
import org.pfnlab.lab.matrix.Operation;
import org.pfnlab.lab.matrix.Operations;
import org.pfnlab.lab.matrix.Subject;
import org.pfnlab.lab.print.Format;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.spec.Nearest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code pfnlab matrix}: what may be done to which kind of memory, and what changes it. */
@Command(
    name = "matrix",
    mixinStandardHelpOptions = true,
    description = {
      "Maps every kind of memory shared and private, does one thing after the other to a fresh"
          + " mapping, and prints what user space sees, whether the kernel WARNs, and how that is"
          + " known.",
      "",
      "With several kernels, the others are compared with the first one."
    },
    footer = {
      "",
      "Example:",
      "  ./pfnlab matrix --kernel v6.1.192 --kernel v6.1.192+dmabuf-require-pfnmap",
      "  ./pfnlab matrix --kind dmaheap_system,bochs_dumb --op all"
    })
public final class MatrixCommand implements Callable<Integer> {
  private static final String ALL = "all";

  @Spec private CommandSpec spec;

  @Mixin private KernelsOption kernels;

  @Option(
      names = "--kind",
      paramLabel = "NAME",
      split = ",",
      description = "Only these kinds of memory; may be repeated. Default: all.")
  private List<String> kinds = List.of(ALL);

  @Option(
      names = "--op",
      paramLabel = "NAME",
      split = ",",
      description = "Only these operations, or 'all'; may be repeated. Default: a dozen.")
  private List<String> operations = List.of();

  @Option(
      names = "--format",
      paramLabel = "table|json|csv",
      description = "How to print it. Default: table; json and csv have one entry a cell.")
  private Format format = Format.table;

  @Override
  public Integer call() throws IOException {
    ImmutableList<KernelSpec> specs = kernels.specs();
    Map<String, Subject> subjects = new LinkedHashMap<>();
    Subject.all(KindCatalog.standard()).forEach(subject -> subjects.put(subject.name(), subject));
    Map<String, Operation> known = new LinkedHashMap<>();
    Operations.all().forEach(operation -> known.put(operation.name(), operation));
    ImmutableList<Operation> asked =
        operations.isEmpty() ? Operations.essential() : chosen("operation", operations, known);
    Matrix matrix = Matrix.run(specs, chosen("kind", kinds, subjects), asked);
    new MatrixReport(matrix)
        .print(
            format,
            spec.commandLine().getOut(),
            spec.commandLine().getColorScheme().ansi().enabled());
    return 0;
  }

  private static <T> ImmutableList<T> chosen(String what, List<String> names, Map<String, T> from) {
    ImmutableList.Builder<T> chosen = ImmutableList.builder();
    for (String name : names.stream().distinct().toList()) {
      T found = from.get(name);
      if (name.equals(ALL)) {
        return ImmutableList.copyOf(from.values());
      }
      if (found == null) {
        throw Nearest.unknown(what, name, from.keySet(), ", expected one of ");
      }
      chosen.add(found);
    }
    return chosen.build();
  }
}
