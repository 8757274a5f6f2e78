package org.pfnlab.lab.replay.strace;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.task.Process;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.Surroundings;
import org.pfnlab.lab.spec.KnownKernel;
import org.pfnlab.lab.strace.MapsFile;
import org.pfnlab.lab.strace.Trace;
import org.pfnlab.lab.strace.TraceEvent;
import org.pfnlab.lab.strace.TraceReader;
import org.pfnlab.lab.verdict.Judge;

/**
 * Replays a trace: each call that returned is made on the model and its answer compared, each
 * address space at exit compared with the copy beside the trace.
 */
public final class StraceReplay {
  private final Trace trace;
  private final Judge judge;
  private final TraceRun run;
  private int next;

  private StraceReplay(Trace trace, Folder folder, MachineConfig config, Judge judge) {
    this.trace = trace;
    this.judge = judge;
    this.run = new TraceRun(trace, folder, new Machine(config), judge);
  }

  /**
   * Opens a trace with what lies beside it.
   *
   * @param name what messages call the trace
   * @param config the kernel to hold against it
   * @throws BadInput if the trace or a file beside it is damaged
   */
  public static StraceReplay open(Path path, String name, MachineConfig config, Judge judge)
      throws IOException {
    Trace trace = TraceReader.read(path, name);
    return new StraceReplay(trace, Folder.of(path, name), config, judge);
  }

  /**
   * The release that a trace was recorded on: uname.txt beside it tells; a trace itself does not,
   * and is taken to be of the newest release that is known.
   */
  public static Version recordedOn(Path path, String name) throws IOException {
    Surroundings around = Surroundings.of(path, name);
    Path folder = around.folder();
    return folder != null && folder.resolve("uname.txt").toFile().exists()
        ? around.release()
        : KnownKernel.all().reverse().get(0).version();
  }

  /** Replays to the end, or to the first mismatch if the judge wants no more. */
  public void run() {
    while (next < trace.events().size() && !judge.isDone()) {
      run.step(trace.events().get(next++));
    }
    if (!judge.isDone()) {
      run.finish();
    }
  }

  /** Replays what the lines up to this one tell. */
  public void runTo(long line) {
    while (next < trace.events().size() && lineOf(trace.events().get(next)) <= line) {
      run.step(trace.events().get(next++));
    }
  }

  /** The last line after which some process lives. */
  public long lastLivingLine() {
    int i = trace.events().size() - 1;
    while (i >= 0 && trace.events().get(i) instanceof TraceEvent.Gone) {
      i--;
    }
    return i < 0 ? trace.lines() : lineOf(trace.events().get(i));
  }

  private static long lineOf(TraceEvent event) {
    if (event instanceof TraceEvent.Begin begin) {
      return begin.call().began;
    }
    return event instanceof TraceEvent.End end
        ? end.call().ended()
        : ((TraceEvent.Gone) event).line();
  }

  /** The trace. */
  public Trace trace() {
    return trace;
  }

  /** The machine that it runs on. */
  public Machine machine() {
    return run.machine();
  }

  /** What came of it so far. */
  public Judge judge() {
    return judge;
  }

  /** The address spaces that exist and are known now, by the first process that uses each. */
  public ImmutableMap<Integer, Process> spaces() {
    ImmutableMap.Builder<Integer, Process> spaces = ImmutableMap.builder();
    Set<Space> seen = new HashSet<>();
    for (Map.Entry<Integer, Space> task : run.tasks().entrySet()) {
      if (task.getValue().lost() == null && seen.add(task.getValue())) {
        spaces.put(task.getKey(), task.getValue().process);
      }
    }
    return spaces.buildOrThrow();
  }

  /** The address space of a process as /proc/pid/maps would print it, without inodes. */
  public ImmutableList<MapsFile.Entry> maps(int pid) {
    Space space = run.tasks().get(pid);
    return space == null ? ImmutableList.of() : space.maps();
  }
}
