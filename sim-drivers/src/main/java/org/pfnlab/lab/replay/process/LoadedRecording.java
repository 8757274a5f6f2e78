package org.pfnlab.lab.replay.process;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.Path;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.JsonLines;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.verdict.NotModelled;

/**
 * The operations of one recording, read and checked once, to be performed again and again without
 * being judged: what the model itself costs, without files and JSON.
 */
public final class LoadedRecording {
  private static final ImmutableSet<String> SNAPSHOTS =
      ImmutableSet.of("maps", "pagemap", "frames");

  private final ImmutableList<Line> lines;

  private LoadedRecording(ImmutableList<Line> lines) {
    this.lines = lines;
  }

  /**
   * Reads a recording of process-side operations.
   *
   * @throws BadInput if it is damaged
   */
  public static LoadedRecording read(Path file) throws IOException {
    ImmutableList.Builder<Line> operations = ImmutableList.builder();
    try (JsonLines lines = JsonLines.open(file, file.toString())) {
      Line header = lines.next();
      if (header == null || !header.text("op").equals("meta")) {
        throw BadInput.at(file.toString(), 1, "expected the header of a recording");
      }
      for (Line line = lines.next(); line != null; line = lines.next()) {
        OperationShape.check(line);
        operations.add(line);
      }
    }
    return new LoadedRecording(operations.build());
  }

  /**
   * The same without the snapshots (maps, pagemap, frames), which change nothing: system calls,
   * loads and stores alone.
   */
  public LoadedRecording withoutSnapshots() {
    ImmutableList.Builder<Line> calls = ImmutableList.builder();
    for (Line line : lines) {
      if (!SNAPSHOTS.contains(line.text("op"))) {
        calls.add(line);
      }
    }
    return new LoadedRecording(calls.build());
  }

  /** How many operations it has. */
  public int size() {
    return lines.size();
  }

  /**
   * Performs the operations, up to the first that is not modelled.
   *
   * @param machine as good as new
   * @return how many were performed
   */
  public int perform(Machine machine) {
    Window window = Window.recorded();
    ProcessModel model = new ProcessModel(machine, window);
    int performed = 0;
    try {
      for (Line line : lines) {
        model.perform(new Operation(line, window));
        performed++;
      }
    } catch (NotModelled e) {
      return performed;
    }
    return performed;
  }
}
