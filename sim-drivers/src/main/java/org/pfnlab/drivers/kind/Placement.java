package org.pfnlab.drivers.kind;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.machine.Machine;

/**
 * Where the memory of a device that is about to be probed shall lie.
 *
 * @param bar the place, or null to let the driver choose the one of the recorded machines
 */
public record Placement(@Nullable Bar bar) {
  /** As on the recorded machines; moved above RAM where a machine has RAM there. */
  public static Placement standard() {
    return new Placement(null);
  }

  /** Exactly there. */
  public static Placement at(Bar bar) {
    return new Placement(bar);
  }

  /** The BAR for a device that prefers this range of bytes. */
  public Bar choose(Machine machine, long base, long size) {
    return bar != null ? bar : Bar.prefer(machine.frames(), base, size);
  }
}
