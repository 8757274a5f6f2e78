package org.pfnlab.benchmarks;

import java.util.Arrays;
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
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.task.Process;

/**
 * How fast the model fills page tables with raw page frames of a BAR: frame by frame with a PAT
 * lookup each, the whole VMA with one reservation, or through an io_mapping with none.
 *
 * <p>One operation maps {@code pages} pages; divide by them for the time a PTE. {@code bareFill} is
 * the ceiling: a long[] filled where it was checked to be empty.
 *
 * <pre>
 * java -jar benchmarks/target/benchmarks.jar PfnInsertion -prof gc
 * </pre>
 *
 * <p>What you should see: remap and ioMapping near bareFill whatever the tree; perPfn growing with
 * the number of resources below the BAR, and 0 B/op everywhere.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class PfnInsertion {
  private static final long START = 0x1000_0000_0000L;

  @Param({"16", "512", "8192"})
  public int resources;

  @Param({"early", "late"})
  public String bar;

  @Param({"16384"})
  public int pages;

  private Machine machine;
  private Vma vma;
  private long[] bare;

  /** Boots a machine and makes an empty VMA over the BAR. */
  @Setup(Level.Trial)
  public void boot() {
    MachineConfig config =
        MachineConfig.of(KernelProfile.of("v6.18.2"))
            .withIomem(Trees.text(resources, bar.equals("late")));
    machine = new Machine(config);
    Process process = machine.newProcess();
    vma = new Vma(process.mm, START, START + ((long) pages << 12), 0, flags());
    process.mm.vmas.insert(vma);
    bare = new long[pages];
  }

  private static long flags() {
    return VmFlags.VM_READ
        | VmFlags.VM_WRITE
        | VmFlags.VM_SHARED
        | VmFlags.VM_MAYSHARE
        | VmFlags.VM_MAY_ALL
        | VmFlags.VM_PFNMAP
        | VmFlags.VM_IO
        | VmFlags.VM_DONTEXPAND
        | VmFlags.VM_DONTDUMP;
  }

  /** Empties the page table, outside of the measured time. */
  @Setup(Level.Invocation)
  public void empty() {
    machine.zap().unmapSingleVma(vma, vma.start, vma.end);
    vma.pfnmapTrackCtx = null;
    machine.memtypes().reset();
    Arrays.fill(bare, 0);
  }

  @Benchmark
  public int perPfn() {
    int result = 0;
    long pfn = Trees.BAR >>> 12;
    for (int i = 0; i < pages; i++) {
      result |= machine.inserter().vmfInsertPfn(vma, START + ((long) i << 12), pfn + i);
    }
    return result;
  }

  @Benchmark
  public long remap() {
    return machine
        .remapPfn()
        .remapPfnRange(vma, START, Trees.BAR >>> 12, (long) pages << 12, vma.pageProt);
  }

  @Benchmark
  public long ioMapping() {
    return machine
        .applyToPageRange()
        .mapSpecial(vma, START, Trees.BAR >>> 12, (long) pages << 12, vma.pageProt);
  }

  @Benchmark
  public long[] bareFill() {
    long[] entries = bare;
    long pte = vma.pageProt | Trees.BAR;
    for (int i = 0; i < entries.length; i++) {
      if (entries[i] != 0) {
        throw new IllegalStateException("not empty");
      }
      entries[i] = pte;
      pte += 4096;
    }
    return entries;
  }
}
