package org.pfnlab.benchmarks;

import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;

/** Machines with memory to spare, and address spaces with as many VMAs as one likes. */
final class Spaces {
  /** Where the first VMA begins. */
  static final long START = 0x1000_0000_0000L;

  static final int READ = MapFlags.PROT_READ;
  static final int WRITE = MapFlags.PROT_READ | MapFlags.PROT_WRITE;
  static final int PRIVATE = MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS;

  private Spaces() {}

  /** A machine with 16 GiB of RAM and no limit on VMAs. */
  static Machine machine(String kernel) {
    MachineConfig config =
        MachineConfig.of(KernelProfile.of(kernel))
            .withIomem("00100000-3fffffff : System RAM\n100000000-4ffffffff : System RAM\n");
    Machine machine = new Machine(config);
    machine.setMaxMapCount(Integer.MAX_VALUE);
    return machine;
  }

  /**
   * Maps private anonymous memory, VMA by VMA, each behind a hole of one page.
   *
   * @param pages of each VMA
   */
  static void map(Machine machine, Process process, int vmas, int pages) {
    for (int i = 0; i < vmas; i++) {
      map(machine, process, address(i, pages), pages);
    }
  }

  /** The address of the i-th VMA. */
  static long address(int i, int pages) {
    return START + (((long) i * (pages + 1)) << 12);
  }

  /** Maps private anonymous memory at an address. */
  static void map(Machine machine, Process process, long address, int pages) {
    long got =
        machine
            .syscalls()
            .mmap(
                process, address, (long) pages << 12, WRITE, PRIVATE | MapFlags.MAP_FIXED, null, 0);
    if (got != address) {
      throw new IllegalStateException("mmap answers " + got);
    }
  }

  /** The numbers below n in an order that is random, and the same in every run. */
  static int[] shuffled(int n) {
    java.util.Random random = new java.util.Random(1);
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
