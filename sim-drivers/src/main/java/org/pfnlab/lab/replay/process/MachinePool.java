package org.pfnlab.lab.replay.process;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;

/**
 * Keeps the machine of the last recording for the next one of the same configuration, because
 * {@link Machine#reset} costs less than booting another. For one thread. Machines with policies are
 * never kept: a policy may have state of its own.
 */
public final class MachinePool {
  private @Nullable MachineConfig config;
  private @Nullable Machine machine;
  private boolean idle;

  /** A pool without machines. */
  public MachinePool() {}

  /** A machine as good as new. */
  Machine take(MachineConfig wanted) {
    Machine kept = machine;
    boolean fits = idle && kept != null && wanted.equals(config);
    idle = false;
    if (kept != null && fits) {
      kept.reset();
      return kept;
    }
    Machine booted = new Machine(wanted);
    boolean keep = wanted.policies().isEmpty();
    machine = keep ? booted : null;
    config = keep ? wanted : null;
    return booted;
  }

  /** The machine that was taken last did nothing unexpected, and nobody needs it any more. */
  public void giveBack() {
    idle = true;
  }
}
