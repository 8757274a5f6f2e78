package org.pfnlab.drivers.exporter;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;

/**
 * How one driver maps exported buffers, era by era.
 *
 * @param name the kind's, without what tells direct DMA from an IOMMU
 * @param about what is mapped and how, in one line
 * @param symbol the kernel function that maps it
 * @param eras oldest first; the last one whose feature the kernel has counts
 */
record Mechanism(String name, String about, String symbol, ImmutableList<Era> eras) {
  /**
   * From a feature on.
   *
   * @param since null for always
   */
  record Era(@Nullable Feature since, Recipe recipe) {}

  /** The same in every release. */
  static Mechanism of(String name, String about, String symbol, Recipe recipe) {
    return new Mechanism(name, about, symbol, ImmutableList.of(new Era(null, recipe)));
  }

  /** In releases with this feature only; otherwise there is no such driver. */
  static Mechanism only(Feature with, String name, String about, String symbol, Recipe recipe) {
    return new Mechanism(name, about, symbol, ImmutableList.of(new Era(with, recipe)));
  }

  /** The same mechanism, but for releases with this feature. */
  Mechanism since(Feature feature, Recipe recipe) {
    return new Mechanism(
        name,
        about,
        symbol,
        ImmutableList.<Era>builder().addAll(eras).add(new Era(feature, recipe)).build());
  }

  private @Nullable Recipe in(Kernel kernel) {
    Recipe found = null;
    for (Era era : eras) {
      Feature since = era.since();
      found = since == null || kernel.has(since) ? era.recipe() : found;
    }
    return found;
  }

  /** As a kind that does not depend on what stands before the device. */
  Kind kind() {
    return kind("", "", false);
  }

  /** As a kind with direct DMA. */
  Kind direct() {
    return kind("_direct", ", with direct DMA", false);
  }

  /** As a kind behind an IOMMU. */
  Kind translated() {
    return kind("_iommu", ", behind an IOMMU", true);
  }

  private Kind kind(String suffix, String where, boolean translated) {
    ImmutableList.Builder<Feature> features = ImmutableList.builder();
    for (Era era : eras) {
      if (era.since() != null) {
        features.add(era.since());
      }
    }
    return new Kind(
        name + suffix,
        about + where,
        symbol,
        features.build(),
        (machine, placement) -> {
          Recipe recipe = in(machine.kernel());
          return recipe == null
              ? pages -> ObjectUnderTest.refused(-Errno.ENODEV)
              : ExporterDevice.probe(machine, placement, recipe, translated);
        });
  }
}
