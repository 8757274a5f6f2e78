package org.pfnlab.lab.record;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.lab.recording.JsonLines;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.replay.Contest;
import org.pfnlab.lab.replay.Referee;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.spec.KnownKernel;
import org.pfnlab.lab.verdict.Mismatch;
import org.pfnlab.lab.verdict.Tally;

/**
 * Holds the model against the kernel that is running here: records a script, replays it, and counts
 * by operation what agrees. A script whose recording differs is recorded once more; if the kernel
 * does not repeat itself, the sequence is not judged. Otherwise its recording is kept.
 */
public final class Selfcheck {
  private final Recorder recorder;
  private final Path keep;
  private final @Nullable KernelSpec asked;
  private final Map<String, Count> operations = new TreeMap<>();
  private int sequences;
  private int agreeing;
  private int unrepeated;
  private @Nullable KernelSpec kernel;
  private @Nullable String release;

  /** How often an operation was performed, and how often the answers agreed. */
  public static final class Count {
    long performed;
    long mismatched;
    long notJudged;

    /** Answers that agree. */
    public long matched() {
      return performed - mismatched - notJudged;
    }

    /** Answers that differ. */
    public long mismatched() {
      return mismatched;
    }

    /** Operations that the model cannot be asked. */
    public long notJudged() {
      return notJudged;
    }
  }

  /**
   * A check that has not begun.
   *
   * @param keep the folder for recordings that do not match, made when it is needed
   * @param kernel the kernel to hold against the running one, or null for the nearest known
   */
  public Selfcheck(Recorder recorder, Path keep, @Nullable KernelSpec kernel) {
    this.recorder = recorder;
    this.keep = keep;
    this.asked = kernel;
  }

  /** Records and replays one script; true if everything agrees. */
  public boolean check(Script script) throws IOException, InterruptedException {
    Path recording = recorder.directory().resolve(script.name() + ".jsonl");
    recorder.record(script, recording);
    Tally tally = referee(recording).replay(recording, script.name());
    sequences++;
    if (tally.mismatched() > 0 && !repeats(script, recording)) {
      unrepeated++;
      return true;
    }
    count(recording, tally);
    if (tally.mismatched() == 0) {
      agreeing++;
      Files.delete(recording);
      return true;
    }
    Files.createDirectories(keep);
    Path kept = keep.resolve(script.name() + ".jsonl");
    Files.copy(recording, kept, StandardCopyOption.REPLACE_EXISTING);
    Files.delete(recording);
    return false;
  }

  private boolean repeats(Script script, Path recording) throws IOException, InterruptedException {
    Path again = recorder.directory().resolve(script.name() + ".again");
    recorder.record(script, again);
    boolean same = Files.mismatch(recording, again) < 0;
    Files.delete(again);
    return same;
  }

  private Referee referee(Path recording) throws IOException {
    KernelSpec chosen = kernel;
    if (chosen == null) {
      try (JsonLines lines = JsonLines.open(recording, recording.toString())) {
        Line header = lines.next();
        if (header == null) {
          throw new IllegalStateException("the recorder wrote nothing");
        }
        release = header.text("release");
        chosen = asked != null ? asked : nearest(Version.parse(header.text("kernel")));
      }
      kernel = chosen;
    }
    return new Referee(new Contest(chosen, ImmutableList.of(), false));
  }

  /** The known kernel of the same series, or of the nearest one. */
  static KernelSpec nearest(Version running) {
    KnownKernel best = KnownKernel.all().get(0);
    for (KnownKernel known : KnownKernel.all()) {
      if (distance(known.version(), running) <= distance(best.version(), running)) {
        best = known;
      }
    }
    return KernelSpec.of(best.version());
  }

  private static long distance(Version a, Version b) {
    long series = Math.abs(seriesOf(a) - seriesOf(b));
    return series > 0 ? series * 1_000_000 : Math.abs(a.patch() - b.patch());
  }

  /** Each major number had at most twenty series. */
  private static long seriesOf(Version version) {
    return version.major() * 20L + version.minor();
  }

  private void count(Path recording, Tally tally) throws IOException {
    try (JsonLines lines = JsonLines.open(recording, recording.toString())) {
      lines.next();
      for (Line line = lines.next(); line != null; line = lines.next()) {
        of(line.text("op")).performed++;
      }
    }
    for (Mismatch mismatch : tally.mismatches()) {
      of(mismatch.operation().split(" ", 2)[0]).mismatched++;
    }
    tally
        .notJudged()
        .forEach(
            (reason, n) -> {
              Count count = of("(not judged: " + reason + ")");
              count.notJudged += n;
              count.performed += n;
            });
  }

  private Count of(String operation) {
    return operations.computeIfAbsent(operation, none -> new Count());
  }

  /** By operation, in the order of their names. */
  public Map<String, Count> operations() {
    return operations;
  }

  /** Scripts that were recorded. */
  public int sequences() {
    return sequences;
  }

  /** Sequences in which every answer agrees. */
  public int agreeing() {
    return agreeing;
  }

  /** Sequences that the kernel answered differently when asked again. */
  public int unrepeated() {
    return unrepeated;
  }

  /** Sequences with answers that differ. */
  public int differing() {
    return sequences - agreeing - unrepeated;
  }

  /** Where recordings of these are. */
  public Path kept() {
    return keep;
  }

  /** Who was held against whom, in one line. */
  public String contest() {
    KernelSpec model = kernel;
    if (model == null) {
      return "nothing was recorded";
    }
    boolean exact = release != null && (release + "-").startsWith(plain(model) + "-");
    String why = exact || asked != null ? "" : ", the nearest known";
    return "running " + release + ", modelled " + model + why;
  }

  private static String plain(KernelSpec spec) {
    return spec.profile().version().toString().substring(1);
  }
}
