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
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.task.Process;

/**
 * What it costs to split a VMA in three: mprotect of its middle page, at random VMAs, permission
 * checks and the walk over the empty page table included.
 *
 * <pre>
 * java -jar benchmarks/target/benchmarks.jar SplitInThree -prof gc
 * </pre>
 *
 * <p>What you should see: below 250 ns a split among 1,000 VMAs and among 50,000; what is allocated
 * are the two new VMAs.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class SplitInThree {
  private static final int SPLITS = 500;
  private static final int PAGES = 3;

  @Param({"1000", "50000"})
  public int vmas;

  private Machine machine;
  private Process process;
  private int[] order;
  private int from;

  /** Maps the VMAs. */
  @Setup(Level.Trial)
  public void map() {
    machine = Spaces.machine("v6.18.2");
    process = machine.newProcess();
    Spaces.map(machine, process, vmas, PAGES);
    order = Spaces.shuffled(vmas);
    from = 0;
  }

  /** Joins what the last round has split, outside of the measured time. */
  @Setup(Level.Invocation)
  public void join() {
    protect(Spaces.WRITE);
    from = from + SPLITS < vmas ? from + SPLITS : 0;
  }

  @Benchmark
  @OperationsPerInvocation(SPLITS)
  public long split() {
    return protect(Spaces.READ);
  }

  private long protect(int prot) {
    long result = 0;
    for (int i = from; i < from + SPLITS; i++) {
      long middle = Spaces.address(order[i], PAGES) + 4096;
      result |= machine.syscalls().mprotect(process, middle, 4096, prot);
    }
    return result;
  }
}
