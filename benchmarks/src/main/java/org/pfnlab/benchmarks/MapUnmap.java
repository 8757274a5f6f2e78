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
import org.openjdk.jmh.annotations.Warmup;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;

/**
 * What a pair of mmap and munmap costs in a process with many VMAs: at an address of one's own, or
 * where the kernel finds room, which is below all others or in the highest of their holes.
 *
 * <pre>
 * java -jar benchmarks/target/benchmarks.jar MapUnmap -prof gc
 * </pre>
 *
 * <p>What you should see: below 300 ns a pair among 100,000 VMAs; what is allocated is the VMA.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class MapUnmap {
  @Param({"100", "100000"})
  public int vmas;

  private Machine machine;
  private Process process;
  private long[] free;
  private int at;

  /** Maps the VMAs, from mmap_base downwards, with holes of three pages between them. */
  @Setup(Level.Trial)
  public void map() {
    machine = Spaces.machine("v6.18.2");
    process = machine.newProcess();
    int[] order = Spaces.shuffled(vmas);
    free = new long[vmas];
    long top = org.pfnlab.core.mm.Mm.MMAP_BASE;
    for (int i = 0; i < vmas; i++) {
      Spaces.map(machine, process, top - ((i + 1L) << 14), 1);
      free[i] = top - ((order[i] * 4L + 2) << 12);
    }
  }

  private long pair(long address, int pages, int flags) {
    long length = (long) pages << 12;
    long got = machine.syscalls().mmap(process, address, length, Spaces.READ, flags, null, 0);
    return machine.syscalls().munmap(process, got, length);
  }

  @Benchmark
  public long atAnAddress() {
    int i = at;
    at = i + 1 < vmas ? i + 1 : 0;
    return pair(free[i], 1, Spaces.PRIVATE | MapFlags.MAP_FIXED);
  }

  @Benchmark
  public long inTheHighestHole() {
    return pair(0, 1, Spaces.PRIVATE);
  }

  @Benchmark
  public long belowAll() {
    return pair(0, 4, Spaces.PRIVATE);
  }
}
