package org.pfnlab.lab.cost;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.IomemFormatException;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.task.UserAccess;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Placement;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.iomem.IomemFile;
import org.pfnlab.lab.spec.KernelSpec;

/**
 * Runs a strategy: boots the machine, probes the driver, maps so many pages shared and writable,
 * and touches them by a pattern. What mmap and the touches count is the cost; what probing counts
 * is paid once, when the driver is loaded.
 */
public final class CostRun {
  private static final long PAGE = 4096;
  private static final long LEAF = 512;

  /** Where mappings go: a multiple of 1 GiB, so that large leaves fit if the memory is aligned. */
  private static final long ADDRESS = 0x100_0000_0000L;

  private final IomemFile tree;
  private final @Nullable Bar bar;
  private final long pages;
  private final AccessPattern pattern;
  private @Nullable Machine machine;
  private @Nullable KernelSpec booted;

  /**
   * Prepares runs on one tree.
   *
   * @param bar what BAR strategies map, or null if there is none
   * @param pages how many pages are mapped if there are so many
   */
  public CostRun(IomemFile tree, @Nullable Bar bar, long pages) {
    this(tree, bar, pages, AccessPattern.SEQUENTIAL);
  }

  /**
   * Prepares runs of programs that touch in another order.
   *
   * @param pattern the order
   */
  public CostRun(IomemFile tree, @Nullable Bar bar, long pages, AccessPattern pattern) {
    this.tree = tree;
    this.bar = bar;
    this.pages = pages;
    this.pattern = pattern;
  }

  /**
   * Whether this strategy can be run here.
   *
   * @return why not, or null
   */
  public @Nullable String obstacle(Strategy strategy, KernelSpec kernel) {
    if (!strategy.existsOn(strategy.kernel(kernel.profile()))) {
      return "not in this kernel";
    }
    if (strategy.memory() == Strategy.Memory.BAR && bar == null) {
      return "no BAR in this tree; --bar SIZE adds one";
    }
    if (pattern == AccessPattern.REFAULT && !strategy.faults()) {
      return "writes its entries at mmap and cannot fault them in again";
    }
    return null;
  }

  /**
   * Runs a strategy.
   *
   * @throws BadInput if the machine is too small for it
   */
  public CostResult run(Strategy strategy, KernelSpec kernel) {
    KernelProfile profile = strategy.kernel(kernel.profile());
    Machine here = machine(new KernelSpec(profile, kernel.policies()));
    long wanted = pages(strategy, here);
    long[] atBoot = here.kernel().meter.snapshot();
    Device device = strategy.kind().on(here, new Placement(bar));
    ObjectUnderTest object = device.open(wanted);
    if (object.errno() != 0) {
      throw refused(strategy, "its buffer could not be made: " + Errno.name(object.errno()));
    }
    Counts atLoad = Counts.since(here.kernel().meter, atBoot);
    Process process = here.newProcess();
    long[] before = here.kernel().meter.snapshot();
    long address =
        here.syscalls()
            .mmap(
                process,
                ADDRESS,
                wanted * PAGE,
                MapFlags.PROT_READ | MapFlags.PROT_WRITE,
                MapFlags.MAP_SHARED | MapFlags.MAP_FIXED,
                object.file(),
                object.offset());
    if (Errno.isError(address)) {
      throw refused(strategy, "mmap answered " + Errno.name(address));
    }
    if (strategy.needs().contains(Arch.ARCH_SUPPORTS_HUGE_PFNMAP)) {
      // Drivers' huge faults need it where transparent huge pages are not set to always.
      long refused = here.syscalls().madvise(process, address, wanted * PAGE, Advice.MADV_HUGEPAGE);
      if (refused != 0) {
        throw refused(strategy, "madvise answered " + Errno.name(refused));
      }
    }
    long[] order = pattern.order(wanted);
    touch(strategy, here, process, address, order);
    if (pattern == AccessPattern.REFAULT) {
      here.unmapMapping().range(object.file().mapping, object.offset(), wanted * PAGE, true);
      before = here.kernel().meter.snapshot();
      touch(strategy, here, process, address, order);
    }
    Counts counts = Counts.since(here.kernel().meter, before);
    object.close();
    return new CostResult(strategy, kernel, profile, order.length, counts, atLoad);
  }

  private static void touch(
      Strategy strategy, Machine here, Process process, long address, long[] order) {
    UserAccess user = here.userAccess();
    for (long page : order) {
      long at = user.write(process.mm, address + page * PAGE);
      if (at < 0) {
        throw refused(strategy, "page " + page + " gave " + UserAccess.signalName(at));
      }
    }
  }

  private Machine machine(KernelSpec kernel) {
    Machine here = machine;
    if (here != null && kernel.equals(booted)) {
      here.reset();
      return here;
    }
    try {
      here =
          new Machine(
              MachineConfig.of(kernel.profile())
                  .withIomem(tree.text())
                  .withPolicies(kernel.policies()));
    } catch (IomemFormatException e) {
      throw BadInput.at(tree.name(), e.line(), e.column(), e.problem()).causedBy(e);
    }
    machine = here;
    booted = kernel;
    return here;
  }

  /** As many as asked for, whole page tables if some do not fit. */
  private long pages(Strategy strategy, Machine here) {
    long most = 0;
    if (strategy.memory() == Strategy.Memory.RAM) {
      most = here.frames().buddy().freePages() * 3 / 4;
    } else if (bar != null) {
      most = bar.pages();
    }
    if (pages <= most) {
      return pages;
    }
    long rounded = most >= LEAF ? most / LEAF * LEAF : most;
    if (rounded == 0) {
      throw refused(strategy, "there is no memory to map");
    }
    return rounded;
  }

  private static BadInput refused(Strategy strategy, String why) {
    return BadInput.because(
        "strategy " + strategy.name() + " cannot be run on this machine: " + why);
  }

  /** Runs every strategy that can be run on each kernel. */
  public ImmutableList<CostResult> runAll(List<Strategy> strategies, List<KernelSpec> kernels) {
    List<CostResult> results = new ArrayList<>();
    for (KernelSpec kernel : kernels) {
      for (Strategy strategy : strategies) {
        if (obstacle(strategy, kernel) == null) {
          results.add(run(strategy, kernel));
        }
      }
    }
    return ImmutableList.copyOf(results);
  }
}
