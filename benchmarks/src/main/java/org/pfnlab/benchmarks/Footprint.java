package org.pfnlab.benchmarks;

import java.util.function.Supplier;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.task.Process;

/**
 * What a VMA, a touched frame and a dense page-table entry cost in bytes of heap: the growth of the
 * used heap after a collection, divided.
 *
 * <pre>
 * java -XX:+UseSerialGC -cp benchmarks/target/benchmarks.jar org.pfnlab.benchmarks.Footprint
 * </pre>
 *
 * <p>What you should see: below 160 bytes a VMA among a million, at most 32 a touched frame and 9 a
 * dense entry.
 */
public final class Footprint {
  private Footprint() {}

  /** Prints the table. */
  @SuppressWarnings("SystemOut")
  public static void main(String[] arguments) {
    int n = 1_000_000;
    System.out.println("| one of a million | bytes | target |");
    System.out.println("|---|--:|---|");
    System.out.printf("| VMA | %.1f | < 160 |%n", bytesOfVma(n));
    System.out.printf("| touched frame | %.1f | <= 32 |%n", bytesOfFrame(n));
    System.out.printf("| dense page-table entry | %.2f | <= 9 |%n", bytesOfEntry(n));
  }

  /** A VMA of one page of private anonymous memory that nobody touched, tree included. */
  static double bytesOfVma(int vmas) {
    Machine machine = Spaces.machine("v6.18.2");
    Process process = machine.newProcess();
    return grown(
            () -> {
              Spaces.map(machine, process, vmas, 1);
              return process;
            })
        / vmas;
  }

  /** A frame that was allocated, zeroed and stored to. */
  static double bytesOfFrame(int frames) {
    Machine machine = Spaces.machine("v6.18.2");
    return grown(
            () -> {
              for (int i = 0; i < frames; i++) {
                long pfn = machine.frames().alloc();
                machine.frames().zero(pfn);
                machine.frames().store(pfn, 0, (byte) 1);
              }
              return machine;
            })
        / frames;
  }

  /** An entry of a page table that is full from one end to the other. */
  static double bytesOfEntry(int entries) {
    Machine machine = Spaces.machine("v6.18.2");
    Process process = machine.newProcess();
    return grown(
            () -> {
              for (int i = 0; i < entries; i++) {
                process.mm.pageTable.set(
                    Spaces.START + ((long) i << 12), Pte.of(i, Pte.PRESENT | Pte.USER));
              }
              return process;
            })
        / entries;
  }

  private static double grown(Supplier<Object> work) {
    long before = used();
    Object kept = work.get();
    long after = used();
    if (kept.hashCode() == Integer.MIN_VALUE) {
      throw new IllegalStateException("the work must stay reachable until here");
    }
    return after - before;
  }

  private static long used() {
    Runtime runtime = Runtime.getRuntime();
    // the serial collector leaves some dead objects where they are, but not every fourth time
    for (int i = 0; i < 4; i++) {
      System.gc();
    }
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
