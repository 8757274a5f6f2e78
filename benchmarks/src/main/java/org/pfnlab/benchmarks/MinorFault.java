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
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;

/**
 * What one modelled minor fault costs: stores to consecutive pages of private anonymous memory,
 * page allocation and zeroing included, with warm page tables; and what a store without a fault
 * costs.
 *
 * <pre>
 * java -jar benchmarks/target/benchmarks.jar MinorFault -prof gc
 * </pre>
 *
 * <p>What you should see: below 60 ns a fault, 0 B/op.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class MinorFault {
  private static final int PAGES = 512;
  private static final long START = 0x1000_0000_0000L;

  @Param({"v5.11", "v6.18.2"})
  public String kernel;

  private Machine machine;
  private Process process;
  private Vma vma;

  /** Boots a machine and maps anonymous memory. */
  @Setup(Level.Trial)
  public void boot() {
    machine = new Machine(MachineConfig.of(KernelProfile.of(kernel)));
    process = machine.newProcess();
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
    vma = process.mm.vmas.get(0);
  }

  /** Zaps the memory, outside of the measured time. */
  @Setup(Level.Invocation)
  public void zap() {
    machine.zap().zapRange(vma, vma.start, vma.end);
  }

  @Benchmark
  @OperationsPerInvocation(PAGES)
  public long storeToNewPage() {
    long result = 0;
    for (long address = START; address < vma.end; address += 4096) {
      result |= machine.userAccess().store(process.mm, address, (byte) 1);
    }
    return result;
  }

  @Benchmark
  @OperationsPerInvocation(PAGES)
  public long loadOfNewPage() {
    long result = 0;
    for (long address = START; address < vma.end; address += 4096) {
      result |= machine.userAccess().load(process.mm, address);
    }
    return result;
  }
}
