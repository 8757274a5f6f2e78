package org.pfnlab.benchmarks;

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
 * <p>What you should see: below 60 ns a fault with 128 pages, about 70 with 512; nothing allocated.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class MinorFault {
  private static final long START = 0x1000_0000_0000L;

  @Param({"v5.11", "v6.18.2"})
  public String kernel;

  @Param({"128", "512"})
  public int pages;

  private Machine machine;
  private Process process;
  private Vma vma;

  /** Faults taken, as an operation of its own. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Faults {
    public long faults;
  }

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
            (long) pages << 12,
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
  public long storeToNewPage(Faults count) {
    count.faults += pages;
    long result = 0;
    for (long address = START; address < vma.end; address += 4096) {
      result |= machine.userAccess().store(process.mm, address, (byte) 1);
    }
    return result;
  }

  @Benchmark
  public long loadOfNewPage(Faults count) {
    count.faults += pages;
    long result = 0;
    for (long address = START; address < vma.end; address += 4096) {
      result |= machine.userAccess().load(process.mm, address);
    }
    return result;
  }
}
