package org.pfnlab.lab.cli;

import static com.google.common.collect.ImmutableList.toImmutableList;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.lab.audit.Audit;
import org.pfnlab.lab.audit.AuditReport;
import org.pfnlab.lab.audit.Exporter.Iommu;
import org.pfnlab.lab.audit.Rule;
import org.pfnlab.lab.print.Format;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.spec.Nearest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code pfnlab audit}: which exporters of dma-bufs pass a proposed rule. */
@Command(
    name = "audit",
    mixinStandardHelpOptions = true,
    description = {
      "Maps a buffer of every dma-buf exporter shared, private, from a later page and through a"
          + " read-only descriptor, and tells which of them satisfy a rule with every mapping that"
          + " they accept. Nothing is declared: flags, get_user_pages, copies and offsets are what"
          + " the mappings showed."
    },
    footer = {
      "",
      "Example:",
      "  ./pfnlab audit --rule pfnmap --kernel v5.11 --kernel v6.18.2",
      "  ./pfnlab audit --rule not-cow --iommu on --format csv"
    })
public final class AuditCommand implements Callable<Integer> {
  private static final String DEFAULT_KERNEL = "v6.1.192";

  @Spec private CommandSpec spec;

  @Option(
      names = "--rule",
      paramLabel = "RULE",
      description =
          "What is required: pfnmap, special, shared, mayshare or not-cow. Default: pfnmap.")
  private String rule = "pfnmap";

  @Option(
      names = "--iommu",
      paramLabel = "on|off",
      description = "Only what machines with or without an IOMMU have. Default: both.")
  private String iommu = "any";

  @Option(
      names = "--kernel",
      paramLabel = "SPEC",
      description = "A kernel; may be repeated. Default: " + DEFAULT_KERNEL + ".")
  private List<String> kernels = List.of(DEFAULT_KERNEL);

  @Option(
      names = "--format",
      paramLabel = "table|json|csv",
      description = "How to print it. Default: table.")
  private Format format = Format.table;

  @Override
  public Integer call() throws IOException {
    Rule asked = named("rule", rule, List.of(Rule.values()));
    Iommu machine = named("iommu", iommu, List.of(Iommu.values()));
    List<Audit> audits =
        kernels.stream()
            .map(KernelSpec::parse)
            .distinct()
            .map(kernel -> Audit.run(kernel, asked, machine, KindCatalog.standard()))
            .collect(toImmutableList());
    new AuditReport(audits)
        .print(
            format,
            spec.commandLine().getOut(),
            spec.commandLine().getColorScheme().ansi().enabled());
    return 0;
  }

  private static <T> T named(String what, String name, List<T> from) {
    for (T each : from) {
      if (each.toString().equals(name)) {
        return each;
      }
    }
    throw Nearest.unknown(
        what, name, from.stream().map(Object::toString).toList(), ", expected one of ");
  }
}
