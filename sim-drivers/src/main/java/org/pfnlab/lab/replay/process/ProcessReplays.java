package org.pfnlab.lab.replay.process;

import com.google.common.collect.ImmutableMap;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.Replayer;

/** Opens recordings of process-side operations. */
public final class ProcessReplays {
  /** Headers name a series; these are the releases that were actually running. */
  private static final ImmutableMap<String, String> RECORDED = ImmutableMap.of("6.18", "6.18.44");

  /** read_ahead_kb of the disk that recordings were made on whose header does not say it. */
  private static final int READ_AHEAD_KB = 8192;

  private ProcessReplays() {}

  /** The release that a recording was made on, by its header. */
  public static Version recordedOn(Line header) {
    String kernel = header.text("kernel");
    try {
      return Version.parse(RECORDED.getOrDefault(kernel, kernel));
    } catch (IllegalArgumentException e) {
      throw header.bad("expected a kernel release like 6.18 in \"kernel\": " + e.getMessage());
    }
  }

  /** The machine that a header describes, with this kernel. */
  static Machine machine(Line header, KernelSpec kernel, MachinePool machines) {
    MachineConfig config =
        MachineConfig.of(kernel.profile())
            .withPolicies(kernel.policies())
            .withReadAheadPages(number(header, "read_ahead_kb", READ_AHEAD_KB) / 4);
    Machine machine = machines.take(config);
    machine.setMaxMapCount(number(header, "max_map_count", Mm.MAX_MAP_COUNT));
    return machine;
  }

  /** A setting of the recorded machine, which is an int in the kernel. */
  private static int number(Line header, String field, int otherwise) {
    long value = header.integer(field, otherwise);
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw header.bad(
          "expected \"" + field + "\" from 0 to " + Integer.MAX_VALUE + ", found " + value);
    }
    return (int) value;
  }

  /** A replayer of the lines behind this header, on a machine of the pool with this kernel. */
  public static Replayer of(Line header, KernelSpec kernel, Judge judge, MachinePool machines) {
    Window window = Window.recorded();
    Subject model = new ProcessModel(machine(header, kernel, machines), window);
    return new ProcessReplay(header, model, window, judge);
  }
}
