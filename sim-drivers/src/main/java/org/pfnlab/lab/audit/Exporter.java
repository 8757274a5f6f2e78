package org.pfnlab.lab.audit;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;

/**
 * One way in which the kernel's tree exports and maps dma-bufs.
 *
 * @param name for people
 * @param source the file that was read, or what was concluded instead
 * @param inferred whether it was concluded rather than read
 * @param gone the feature with which it is no longer a way of its own, or null
 * @param variants its kinds
 */
public record Exporter(
    String name,
    String source,
    boolean inferred,
    @Nullable Feature gone,
    ImmutableList<Variant> variants) {
  /** What stands between a device and memory, where that matters. */
  public enum Iommu {
    /** It does not matter. */
    ANY("any"),
    /** An IOMMU. */
    ON("on"),
    /** Nothing: direct DMA. */
    OFF("off");

    private final String word;

    Iommu(String word) {
      this.word = word;
    }

    @Override
    public String toString() {
      return word;
    }
  }

  /**
   * A kind that behaves as this exporter does.
   *
   * @param kind its name in the catalog
   */
  public record Variant(String kind, Iommu iommu) {
    /** Whether it exists on machines with or without an IOMMU; {@code ANY} asks for both. */
    public boolean fits(Iommu wanted) {
      return iommu == Iommu.ANY || wanted == Iommu.ANY || iommu == wanted;
    }
  }
}
