package org.pfnlab.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.task.Process;

/**
 * What it costs to break copy-on-write: a child stores to pages that it shares with its parent, or
 * the parent does once the child is gone, which needs no copy.
 *
 * <pre>
 * java -jar benchmarks/target/benchmarks.jar CowFault -prof gc
 * </pre>
 *
 * <p>What you should see: below 150 ns a fault, nothing allocated.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class CowFault {
  private static final int PAGES = 4096;

  private Machine machine;
  private Process parent;
  private Process child;

  /** The child's pages go back to a parent that owns its own; another child is forked. */
  @Setup(Level.Trial)
  public void boot() {
    machine = Spaces.machine("v6.18.2");
    parent = machine.newProcess();
    Spaces.map(machine, parent, Spaces.START, PAGES);
  }

  /** Forks, outside of the measured time. */
  @Setup(Level.Invocation)
  public void fork() {
    storeToAll(parent);
    child = machine.processes().get((int) machine.syscalls().fork(parent));
  }

  /** The child exits, if it has not yet. */
  @TearDown(Level.Invocation)
  public void exit() {
    machine.syscalls().exit(child);
  }

  private long storeToAll(Process process) {
    long result = 0;
    for (int i = 0; i < PAGES; i++) {
      result |= machine.userAccess().store(process.mm, Spaces.START + ((long) i << 12), (byte) 2);
    }
    return result;
  }

  @Benchmark
  @OperationsPerInvocation(PAGES)
  public long copy() {
    return storeToAll(child);
  }
}
