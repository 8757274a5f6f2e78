package org.pfnlab.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;

/**
 * What it costs to make a machine as good as new after a small program that touched 100 pages;
 * search does it after every program.
 *
 * <pre>
 * java -jar benchmarks/target/benchmarks.jar MachineReset
 * </pre>
 *
 * <p>What you should see: below 3 us.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class MachineReset {
  private static final int PAGES = 100;
  private static final long START = 0x1000_0000_0000L;

  private Machine machine;

  /** Boots the machine. */
  @Setup(Level.Trial)
  public void boot() {
    machine = new Machine(MachineConfig.of(KernelProfile.of("v6.18.2")));
  }

  /** Runs the small program, outside of the measured time. */
  @Setup(Level.Invocation)
  public void touch() {
    Process process = machine.newProcess();
    machine
        .syscalls()
        .mmap(
            process,
            START,
            (long) PAGES << 12,
            MapFlags.PROT_READ | MapFlags.PROT_WRITE,
            MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED,
            null,
            0);
    for (int i = 0; i < PAGES; i++) {
      machine.userAccess().store(process.mm, START + ((long) i << 12), (byte) 1);
    }
  }

  @Benchmark
  public void reset() {
    machine.reset();
  }
}
