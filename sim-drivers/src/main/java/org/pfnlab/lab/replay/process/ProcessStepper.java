package org.pfnlab.lab.replay.process;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.task.Process;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.verdict.Judge;

/** Replays a recording line by line for somebody who looks at its processes in between. */
public final class ProcessStepper {
  private final Machine machine;
  private final ProcessModel model;
  private final ProcessReplay replay;

  /** A fresh machine with this kernel, for the lines behind this header. */
  public ProcessStepper(Line header, KernelSpec kernel) {
    Window window = Window.recorded();
    machine = ProcessReplays.machine(header, kernel, new MachinePool());
    model = new ProcessModel(machine, window);
    replay = new ProcessReplay(header, model, window, new Judge(kernel.toString(), false));
  }

  /** Replays the next line. */
  public void replay(Line line) {
    replay.replay(line);
  }

  /** The machine. */
  public Machine machine() {
    return machine;
  }

  /** Living processes with their names. */
  public Map<String, Process> processes() {
    return model.living();
  }

  /** Why the state is no longer that of the recording; null while it is. */
  public @Nullable String lost() {
    return replay.lost();
  }
}
