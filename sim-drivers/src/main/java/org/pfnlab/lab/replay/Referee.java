package org.pfnlab.lab.replay;

import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.JsonLines;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.recording.RecordingFiles;
import org.pfnlab.lab.replay.process.MachinePool;
import org.pfnlab.lab.replay.strace.StraceReplay;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.Replayer;
import org.pfnlab.lab.verdict.Tally;

/**
 * Holds a kernel against recordings. Recordings are independent, so several are replayed at once,
 * each on a machine of its own; results come in the order of the recordings whatever the number of
 * jobs.
 */
public final class Referee {
  private final Contest contest;
  private final ThreadLocal<MachinePool> machines = ThreadLocal.withInitial(MachinePool::new);

  /** A referee of this contest. */
  public Referee(Contest contest) {
    this.contest = contest;
  }

  /**
   * Replays one recording.
   *
   * @param name what messages call the file
   * @throws BadInput if it is damaged
   */
  public Tally replay(Path recording, String name) throws IOException {
    if (RecordingFiles.isTrace(recording)) {
      return replayTrace(recording, name);
    }
    try (JsonLines lines = JsonLines.open(recording, name)) {
      Line first = lines.next();
      if (first == null) {
        throw BadInput.at(name, 1, "the file is empty, expected JSON lines");
      }
      Formats.Opened opened = Formats.open(recording, first, contest, machines.get());
      Replayer replayer = opened.replayer();
      for (Line line = opened.tookFirst() ? lines.next() : first;
          line != null && !replayer.judge().isDone();
          line = lines.next()) {
        replayer.replay(line);
      }
      Tally tally = replayer.judge().tally();
      if (tally.isClean()) {
        machines.get().giveBack();
      }
      return tally;
    }
  }

  private Tally replayTrace(Path recording, String name) throws IOException {
    KernelSpec spec = contest.kernel();
    Version release =
        spec == null ? StraceReplay.recordedOn(recording, name) : spec.profile().version();
    KernelSpec kernel = contest.kernelFor(release);
    Judge judge = new Judge(kernel.toString(), contest.stopAtFirst());
    MachineConfig config = MachineConfig.of(kernel.profile()).withPolicies(kernel.policies());
    StraceReplay.open(recording, name, config, judge).run();
    return judge.tally();
  }

  /** What came of one recording. */
  public sealed interface Result {
    /** It was replayed to its end, or to the first mismatch if that ends it. */
    record Replayed(Path recording, Tally tally) implements Result {}

    /** It is damaged; nothing in it was counted. */
    record Damaged(Path recording, BadInput why) implements Result {}
  }

  /** Hears of each recording, in their order. */
  public interface Listener {
    /** One recording is done; false ends the whole replay. */
    boolean done(Result result);
  }

  /** Replays recordings, this many at a time. */
  public void replay(ImmutableList<Path> recordings, int jobs, Listener listener)
      throws InterruptedException {
    ExecutorService workers = Executors.newFixedThreadPool(jobs, Referee::daemon);
    try {
      List<@Nullable Future<Result>> results = new ArrayList<>();
      for (Path recording : recordings) {
        results.add(workers.submit(() -> result(recording)));
      }
      for (int i = 0; i < results.size(); i++) {
        Future<Result> future = results.set(i, null);
        if (future == null || !listener.done(outcome(future))) {
          return;
        }
      }
    } finally {
      workers.shutdownNow();
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "replay");
    thread.setDaemon(true);
    return thread;
  }

  private Result result(Path recording) {
    String name = recording.toString();
    try {
      return new Result.Replayed(recording, replay(recording, name));
    } catch (BadInput e) {
      return new Result.Damaged(recording, e);
    } catch (IOException e) {
      return new Result.Damaged(recording, BadInput.in(name, "cannot be read: " + e.getMessage()));
    }
  }

  private static Result outcome(Future<Result> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause != null) {
        Throwables.throwIfUnchecked(cause);
      }
      throw new IllegalStateException(cause);
    }
  }
}
