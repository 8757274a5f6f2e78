package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.NotModelled;
import org.pfnlab.lab.verdict.Replayer;

/**
 * Replays what was recorded about buffers of the DMA API: how they lie in memory, which parts of
 * them can be mapped, and what becomes of a driver that meddles with the VMA's flags. Each case has
 * a machine of its own.
 */
public final class DmaMmapReplay implements Replayer {
  private final MachineConfig config;
  private final Judge judge;

  /** Replays on machines of this make. */
  public DmaMmapReplay(MachineConfig config, Judge judge) {
    this.config = config;
    this.judge = judge;
  }

  /** Whether a line is for this replayer. */
  public static boolean takes(Line line) {
    return DmaMmapCase.isOne(line);
  }

  @Override
  public void replay(Line line) {
    try {
      DmaMmapCase asked = DmaMmapCase.of(line);
      ObjectNode expected = BatteryReplay.recorded(line, DmaMmapCase.INPUTS);
      String what = asked.describe(line.text("kind"));
      judge.compare(line, what, expected, answer(asked, expected), ImmutableList::of);
    } catch (NotModelled e) {
      judge.cannotJudge(e.what());
    }
  }

  private ObjectNode answer(DmaMmapCase asked, ObjectNode expected) {
    Machine machine = new Machine(config);
    DmaMmapRun run = new DmaMmapRun(machine, asked);
    ObjectNode answer = run.answer();
    try {
      run.perform();
    } catch (KernelBug bug) {
      machine.kernel().log().print(String.valueOf(bug.getMessage()));
      answer.put("fate", Fate.ofBug(machine.kernel()));
    } catch (RuntimeException e) {
      return expected.objectNode().put("model_failed", e.toString());
    }
    CaseExecution.putMessages(answer, machine.kernel().log().lines());
    return answer;
  }

  @Override
  public Judge judge() {
    return judge;
  }
}
