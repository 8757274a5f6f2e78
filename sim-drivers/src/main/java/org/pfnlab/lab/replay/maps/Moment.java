package org.pfnlab.lab.replay.maps;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.task.Process;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.JsonLines;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.recording.RecordingFiles;
import org.pfnlab.lab.replay.process.ProcessReplays;
import org.pfnlab.lab.replay.process.ProcessStepper;
import org.pfnlab.lab.replay.strace.StraceReplay;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.verdict.Judge;

/**
 * The processes of a recording after one of its lines.
 *
 * @param file the recording as the user named it
 * @param line the line, counted from 1
 * @param kernel the modelled kernel
 * @param machine the machine
 * @param processes those that live and are known, by name, in order
 * @param touched whether the recording has loads and stores, so that pages are present
 * @param note what must be known to read this, or null
 */
public record Moment(
    String file,
    long line,
    KernelSpec kernel,
    Machine machine,
    ImmutableMap<String, Process> processes,
    boolean touched,
    @Nullable String note) {

  /**
   * Replays a recording up to a line.
   *
   * @param name what messages call the file
   * @param at the line; 0 for the last one after which a process lives
   * @param kernel the kernel to replay on, or null for the one it was recorded on
   * @throws BadInput if the file is damaged or no recording of processes, or has no such line
   */
  public static Moment of(Path path, String name, long at, @Nullable KernelSpec kernel)
      throws IOException {
    return RecordingFiles.isTrace(path)
        ? ofTrace(path, name, at, kernel)
        : ofRecording(path, name, at, kernel);
  }

  private static Moment ofTrace(Path path, String name, long at, @Nullable KernelSpec wanted)
      throws IOException {
    KernelSpec kernel =
        wanted == null ? KernelSpec.of(StraceReplay.recordedOn(path, name)) : wanted;
    MachineConfig config = MachineConfig.of(kernel.profile()).withPolicies(kernel.policies());
    StraceReplay replay =
        StraceReplay.open(path, name, config, new Judge(kernel.toString(), false));
    long lines = replay.trace().lines();
    if (at > lines) {
      throw noSuchLine(name, at, lines);
    }
    long line = at == 0 ? replay.lastLivingLine() : at;
    replay.runTo(line);
    ImmutableMap.Builder<String, Process> processes = ImmutableMap.builder();
    replay.spaces().forEach((pid, process) -> processes.put(pid.toString(), process));
    return new Moment(
        name,
        line,
        kernel,
        replay.machine(),
        processes.buildOrThrow(),
        false,
        "a trace has no page faults: nothing is present, and VMAs that faults kept apart are one");
  }

  private static Moment ofRecording(Path path, String name, long at, @Nullable KernelSpec wanted)
      throws IOException {
    try (JsonLines lines = JsonLines.open(path, name)) {
      Line header = lines.next();
      if (header == null) {
        throw BadInput.at(name, 1, "the file is empty, expected a recording of processes");
      }
      if (!header.text("op", "").equals("meta")) {
        throw header.bad(
            "expected a recording of processes, whose first line is {\"op\":\"meta\",...}, or"
                + " output of strace");
      }
      Version recorded = ProcessReplays.recordedOn(header);
      KernelSpec kernel = wanted == null ? KernelSpec.of(recorded) : wanted;
      ProcessStepper stepper = new ProcessStepper(header, kernel);
      long last = header.number();
      for (Line line = lines.next();
          line != null && (at == 0 || line.number() <= at);
          line = lines.next()) {
        stepper.replay(line);
        last = line.number();
      }
      if (at > last) {
        throw noSuchLine(name, at, last);
      }
      String lost = stepper.lost();
      return new Moment(
          name,
          at == 0 ? last : at,
          kernel,
          stepper.machine(),
          ImmutableMap.copyOf(stepper.processes()),
          true,
          lost == null ? null : "not the recording's state any more: " + lost);
    }
  }

  private static BadInput noSuchLine(String name, long at, long lines) {
    return BadInput.in(
        name, "there is no line %d to stop at, expected --at from 1 to %d".formatted(at, lines));
  }
}
