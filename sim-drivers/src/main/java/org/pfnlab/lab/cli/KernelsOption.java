package org.pfnlab.lab.cli;

import com.google.common.collect.ImmutableList;
import java.util.List;
import org.pfnlab.lab.spec.KernelSpec;
import picocli.CommandLine.Option;

/** {@code --kernel} of commands that ask several kernels the same. */
final class KernelsOption {
  private static final String DEFAULT = "v6.18.2";

  @Option(
      names = "--kernel",
      paramLabel = "SPEC",
      description = "A kernel; may be repeated. Default: " + DEFAULT + ".")
  private List<String> kernels = List.of(DEFAULT);

  /** The kernels, each once, in the order in which they were given. */
  ImmutableList<KernelSpec> specs() {
    return kernels.stream()
        .map(KernelSpec::parse)
        .distinct()
        .collect(ImmutableList.toImmutableList());
  }
}
