package org.pfnlab.lab.audit;

import static com.google.common.collect.ImmutableList.toImmutableList;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.function.Predicate;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.lab.audit.Exporter.Iommu;
import org.pfnlab.lab.audit.Exporter.Variant;
import org.pfnlab.lab.matrix.Evidence;
import org.pfnlab.lab.spec.KernelSpec;

/**
 * Every exporter of one kernel, asked whether its mappings satisfy a rule.
 *
 * @param kernel whose exporters
 * @param rule what is required
 * @param entries one for each exporter that this kernel and machine have
 */
public record Audit(KernelSpec kernel, Rule rule, ImmutableList<Entry> entries) {
  /**
   * One exporter.
   *
   * @param lines one for each of its variants
   */
  public record Entry(Exporter exporter, ImmutableList<Line> lines) {
    /** Whether it can be mapped. */
    public boolean isLive() {
      return any(line -> line.seen().isLive());
    }

    /** Whether the dma-buf core finds no mmap operation. */
    public boolean hasNoMmap() {
      return !any(line -> line.seen().asksExporter());
    }

    /** Whether every variant satisfies the rule. */
    public boolean passes(Rule rule) {
      return isLive() && !any(line -> !line.seen().passes(rule));
    }

    /** Whether some variants satisfy it and others do not. */
    public boolean depends(Rule rule) {
      return isLive() && !passes(rule) && any(line -> line.seen().passes(rule));
    }

    /** Whether no variant satisfies it. */
    public boolean fails(Rule rule) {
      return isLive() && !any(line -> line.seen().passes(rule));
    }

    private boolean any(Predicate<Line> question) {
      return lines.stream().anyMatch(question);
    }
  }

  /**
   * One kind.
   *
   * @param known how the exporter's behaviour is known on this kernel
   */
  public record Line(Variant variant, Measurement seen, Evidence known) {}

  /**
   * Maps everything.
   *
   * @param iommu only what such machines have; {@code ANY} for both
   */
  public static Audit run(KernelSpec kernel, Rule rule, Iommu iommu, KindCatalog catalog) {
    Probe probe = new Probe(kernel);
    ImmutableList.Builder<Entry> entries = ImmutableList.builder();
    for (Exporter exporter : Exporters.all()) {
      ImmutableList.Builder<Line> lines = ImmutableList.builder();
      boolean gone = exporter.gone() != null && kernel.profile().has(exporter.gone());
      for (Variant variant : gone ? ImmutableList.<Variant>of() : exporter.variants()) {
        Kind kind = catalog.find(variant.kind());
        if (kind == null) {
          throw new IllegalArgumentException("the catalog has no kind " + variant.kind());
        }
        Measurement seen = variant.fits(iommu) ? probe.measure(kind) : null;
        if (seen != null && seen.exists()) {
          lines.add(new Line(variant, seen, Evidence.ofMapping(kernel, kind, exporter.inferred())));
        }
      }
      ImmutableList<Line> all = lines.build();
      if (!all.isEmpty()) {
        entries.add(new Entry(exporter, all));
      }
    }
    return new Audit(kernel, rule, entries.build());
  }

  /** The names of the exporters of which this is true. */
  public ImmutableList<String> names(Predicate<Entry> question) {
    return entries.stream()
        .filter(question)
        .map(entry -> entry.exporter().name())
        .collect(toImmutableList());
  }

  /** Who can be mapped. */
  public List<String> live() {
    return names(Entry::isLive);
  }

  /** Who satisfies the rule, whatever stands before the device. */
  public List<String> passing() {
    return names(entry -> entry.passes(rule));
  }

  /** Who satisfies it with direct DMA or behind an IOMMU only. */
  public List<String> depending() {
    return names(entry -> entry.depends(rule));
  }

  /** Who never satisfies it. */
  public List<String> failing() {
    return names(entry -> entry.fails(rule));
  }

  /** Who has an mmap operation that maps nothing. */
  public List<String> refusing() {
    return names(entry -> !entry.isLive() && !entry.hasNoMmap());
  }

  /** Who has no mmap operation. */
  public List<String> withoutMmap() {
    return names(entry -> !entry.isLive() && entry.hasNoMmap());
  }

  /** Who refuses MAP_PRIVATE of any size. */
  public List<String> refusingCow() {
    return names(entry -> entry.passes(Rule.NOT_COW));
  }

  /** Who is always VM_PFNMAP and never copied on write. */
  public List<String> passingBoth() {
    return names(entry -> entry.passes(Rule.NOT_COW) && entry.passes(Rule.PFNMAP));
  }
}
