package org.pfnlab.drivers.kind;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.machine.Machine;

/**
 * A way of filling page tables that programs can meet: a driver's mechanism with parameters.
 *
 * @param name lower case with underscores; the recordings' name where one exists
 * @param about what is mapped and how, in one line
 * @param symbol the kernel function that maps it, or the source file
 * @param features what shapes it from release to release
 * @param probe binds the driver to a machine
 */
public record Kind(
    String name, String about, String symbol, ImmutableList<Feature> features, Probe probe) {

  /** Binds a driver to a machine. */
  @FunctionalInterface
  public interface Probe {
    /** Probes the device at its place; called once per machine and reset. */
    Device probe(Machine machine, Placement placement);
  }

  /** Probes the device of this kind. */
  public Device on(Machine machine, Placement placement) {
    return probe.probe(machine, placement);
  }

  /** Probes the device where the recorded machines have it. */
  public Device on(Machine machine) {
    return on(machine, Placement.standard());
  }

  @Override
  public String toString() {
    return name;
  }
}
