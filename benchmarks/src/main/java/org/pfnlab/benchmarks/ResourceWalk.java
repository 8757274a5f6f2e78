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
import org.pfnlab.core.iomem.IomemText;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/**
 * How fast the model answers "is this page RAM?", which is the walk that the kernel does for every
 * page frame it inserts: with children of other bridges skipped (v5.11, v6.18.2) and in full
 * (v6.1).
 *
 * <p>{@code nodes} is the time a node visited, counting on.
 *
 * <pre>
 * java -jar benchmarks/target/benchmarks.jar ResourceWalk -prof gc
 * </pre>
 *
 * <p>What you should see: below 0.8 ns a node in trees of 512 resources and more; in small ones the
 * call itself weighs more than the nodes.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class ResourceWalk {
  @Param({"16", "128", "1024", "8192"})
  public int resources;

  @Param({"early", "late"})
  public String bar;

  @Param({"v5.11", "v6.1", "v6.18.2"})
  public String kernel;

  private ResourceTree tree;
  private int nodesOfOne;

  /** Nodes visited, as an operation of its own. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Visits {
    public long nodes;
  }

  /** Reads the tree. */
  @Setup(Level.Trial)
  public void read() {
    Kernel model = new Kernel(KernelProfile.of(kernel));
    tree = IomemText.parse(model, Trees.text(resources, bar.equals("late")));
    long before = model.meter.get(ResourceTree.NODE_VISITED);
    tree.pageIsRam(Trees.BAR >>> 12);
    nodesOfOne = (int) (model.meter.get(ResourceTree.NODE_VISITED) - before);
  }

  @Benchmark
  public boolean ramTest(Visits visits) {
    visits.nodes += nodesOfOne;
    return tree.pageIsRam(Trees.BAR >>> 12);
  }
}
