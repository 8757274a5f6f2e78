package org.pfnlab.benchmarks;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.lab.recording.RecordingFiles;
import org.pfnlab.lab.replay.Contest;
import org.pfnlab.lab.replay.Referee;
import org.pfnlab.lab.replay.process.LoadedRecording;

/**
 * How many recorded operations a second one thread performs: {@code executed} once they are read,
 * answers in the recorder's form included; {@code calls} the same without the snapshots; {@code
 * endToEnd} from compressed JSON to the verdict.
 *
 * <p>An operation is a line of a recording: a system call, a load or a store with what became of
 * its page, or a snapshot (maps, pagemap, frames) of up to 4096 pages and all their VMAs. Three of
 * ten are snapshots.
 *
 * <pre>
 * java -jar benchmarks/target/benchmarks.jar ReplayOfRecordings -p recordings=DIR
 * </pre>
 *
 * <p>What you should see in {@code operations}: above 2,000,000 a second executed and above 300,000
 * end to end. Without a directory three small recordings of this module are replayed.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class ReplayOfRecordings {
  @Param({""})
  public String recordings;

  private final List<Path> copies = new ArrayList<>();
  private ImmutableList<Path> files;
  private List<LoadedRecording> loaded;
  private List<LoadedRecording> withoutSnapshots;
  private Machine machine;
  private Referee referee;

  /** Operations performed, as an operation of its own. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Operations {
    public long operations;
  }

  /** Reads the recordings. */
  @Setup(Level.Trial)
  public void read() throws IOException {
    files = recordings.isEmpty() ? own() : RecordingFiles.find(List.of(Path.of(recordings)));
    loaded = new ArrayList<>();
    for (Path file : files) {
      loaded.add(LoadedRecording.read(file));
    }
    withoutSnapshots = new ArrayList<>();
    for (LoadedRecording recording : loaded) {
      withoutSnapshots.add(recording.withoutSnapshots());
    }
    machine = new Machine(MachineConfig.of(KernelProfile.of("v6.18.44")));
    referee = new Referee(new Contest(null, ImmutableList.of(), false));
  }

  private ImmutableList<Path> own() throws IOException {
    for (String name : List.of("basic-1000003", "mid-1000001", "full-1000002")) {
      Path copy = Files.createTempFile(name, ".jsonl.gz");
      copies.add(copy);
      try (InputStream resource =
          Objects.requireNonNull(
              ReplayOfRecordings.class.getResourceAsStream("/recordings/" + name + ".jsonl.gz"))) {
        Files.write(copy, resource.readAllBytes());
      }
    }
    return ImmutableList.copyOf(copies);
  }

  /** Removes copies. */
  @TearDown(Level.Trial)
  public void clean() throws IOException {
    for (Path copy : copies) {
      Files.deleteIfExists(copy);
    }
  }

  @Benchmark
  public int executed(Operations count) {
    return perform(loaded, count);
  }

  @Benchmark
  public int calls(Operations count) {
    return perform(withoutSnapshots, count);
  }

  private int perform(List<LoadedRecording> recordings, Operations count) {
    int performed = 0;
    for (LoadedRecording recording : recordings) {
      machine.reset();
      performed += recording.perform(machine);
    }
    count.operations += performed;
    return performed;
  }

  @Benchmark
  public long endToEnd(Operations count) {
    long matched = 0;
    try {
      for (Path file : files) {
        matched += referee.replay(file, file.toString()).matched();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    count.operations += matched;
    return matched;
  }
}
