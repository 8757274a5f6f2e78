package org.pfnlab.lab.cost;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.drivers.kind.Kind;

/**
 * A way of filling page tables, as a contender in comparisons of cost.
 *
 * @param name lower case with dashes
 * @param about how it fills, and who does it so
 * @param memory whether it maps the BAR or system memory
 * @param kind the driver's kind that is run
 * @param with what the kernel gets that it has not
 * @param without what the kernel loses
 * @param cold whether events are paid at their price for cold caches
 * @param needs what the kernel must have for the strategy to exist there; empty: nothing
 * @param bound whether it is the floor or the ceiling for its memory
 */
public record Strategy(
    String name,
    String about,
    Memory memory,
    Kind kind,
    ImmutableList<Feature> with,
    ImmutableList<Feature> without,
    boolean cold,
    ImmutableList<Feature> needs,
    Bound bound) {
  /** The test module's kind that calls remap_pfn_range in its mmap operation. */
  private static final String FILLED_AT_MMAP = "mod_a_";

  /** Whether it stands at an end of the table. */
  public enum Bound {
    /** Nothing is checked. */
    FLOOR,
    /** One of the contenders. */
    NONE,
    /** Everything is checked, at the highest price. */
    CEILING
  }

  /** What is mapped. */
  public enum Memory {
    /** Device memory. */
    BAR,
    /** Pages of system memory. */
    RAM
  }

  /** A contender that runs on the kernel as it is. */
  static Strategy of(String name, Memory memory, Kind kind, String about) {
    ImmutableList<Feature> none = ImmutableList.of();
    return new Strategy(name, about, memory, kind, none, none, false, none, Bound.NONE);
  }

  /** The same with something that the kernel has not. */
  Strategy with(Feature... features) {
    return new Strategy(
        name, about, memory, kind, ImmutableList.copyOf(features), without, cold, needs, bound);
  }

  /** The same without something that the kernel has. */
  Strategy without(Feature... features) {
    return new Strategy(
        name, about, memory, kind, with, ImmutableList.copyOf(features), cold, needs, bound);
  }

  /** The same as the floor of its memory. */
  Strategy asFloor() {
    return new Strategy(name, about, memory, kind, with, without, cold, needs, Bound.FLOOR);
  }

  /** The same with cold caches, as the ceiling of its memory. */
  Strategy asColdCeiling() {
    return new Strategy(name, about, memory, kind, with, without, true, needs, Bound.CEILING);
  }

  /** The same, for kernels that have this. */
  Strategy needing(Feature... features) {
    return new Strategy(
        name, about, memory, kind, with, without, cold, ImmutableList.copyOf(features), bound);
  }

  /** Whether entries that were taken away come back when they are touched. */
  public boolean faults() {
    return !kind.name().startsWith(FILLED_AT_MMAP);
  }

  /** Whether it can be run on this kernel. */
  public boolean existsOn(KernelProfile kernel) {
    return needs.stream().allMatch(kernel::has);
  }

  /** The kernel that it runs on. */
  public KernelProfile kernel(KernelProfile asked) {
    KernelProfile kernel = asked;
    for (Feature feature : with) {
      kernel = kernel.with(feature);
    }
    for (Feature feature : without) {
      kernel = kernel.without(feature);
    }
    return kernel;
  }
}
