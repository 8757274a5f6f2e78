package org.pfnlab.benchmarks;

import java.util.concurrent.TimeUnit;
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
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.task.Process;

/**
 * What fork costs a process with a million present private pages.
 *
 * <pre>
 * java -jar benchmarks/target/benchmarks.jar ForkOfMany -prof gc
 * </pre>
 *
 * <p>What you should see: below 10 ms.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class ForkOfMany {
  @Param({"1048576"})
  public int pages;

  private Machine machine;
  private Process parent;
  private long child;

  /** Touches a million pages. */
  @Setup(Level.Trial)
  public void touch() {
    machine = Spaces.machine("v6.18.2");
    parent = machine.newProcess();
    Spaces.map(machine, parent, Spaces.START, pages);
    for (int i = 0; i < pages; i++) {
      machine.userAccess().store(parent.mm, Spaces.START + ((long) i << 12), (byte) 1);
    }
  }

  /** The child exits, outside of the measured time. */
  @TearDown(Level.Invocation)
  public void exit() {
    machine.syscalls().exit(machine.processes().get((int) child));
  }

  @Benchmark
  public long fork() {
    child = machine.syscalls().fork(parent);
    return child;
  }
}
