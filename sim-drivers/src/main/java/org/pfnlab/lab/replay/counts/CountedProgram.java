package org.pfnlab.lab.replay.counts;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSortedMap;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.KernelHang;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.replay.battery.PlainObjects;
import org.pfnlab.lab.spec.Nearest;

/**
 * The program of the recordings of function calls, run on any kind of memory: what each of its
 * operations calls, by the names that the functions have in the kernel it runs on.
 *
 * <p>Calls of fork are those that the mapping causes: a fork before the mapping exists is counted
 * too, and subtracted. What the child calls is not counted.
 *
 * @param kind what is mapped
 * @param shared whether it is mapped MAP_SHARED
 * @param pages how many pages are mapped
 * @param operations what was done and asked for, in the order of the program
 * @param end why the program ended early, or null
 */
public record CountedProgram(
    String kind,
    boolean shared,
    long pages,
    ImmutableList<Operation> operations,
    @Nullable String end) {
  /** The most pages that a program maps. */
  public static final int MOST_PAGES = 1 << 16;

  /**
   * What one operation did.
   *
   * @param name of the operation in recordings
   * @param result what the program notes: a result, a number of pages, or -errno
   * @param calls of each function that was called
   * @param nodes resources visited
   * @param notCounted functions that nothing is said about, and why
   */
  public record Operation(
      String name,
      long result,
      ImmutableSortedMap<String, Long> calls,
      long nodes,
      ImmutableList<String> notCounted) {
    /** The result as the recording program notes it: a number or an errno's name. */
    public String resultText() {
      return Errno.isError(result) ? Errno.name(result) : Long.toString(result);
    }
  }

  /** The names of all operations, in the order of the program. */
  public static ImmutableSet<String> operationNames() {
    ImmutableSet.Builder<String> names = ImmutableSet.builder();
    for (CountedStep step : CountedStep.values()) {
      String name = step.recordedName();
      if (name != null && !step.isControl() && !step.isAnotherProcess()) {
        names.add(name);
      }
    }
    return names.build();
  }

  /** The names of everything that can be mapped. */
  public static ImmutableSet<String> kindNames() {
    return CountedObjects.names();
  }

  /**
   * Runs the program as far as it must be run.
   *
   * @param names the operations that are asked for; all of them if there are none
   * @throws BadInput if a kind or operation does not exist, or the object cannot be made
   */
  public static CountedProgram run(
      MachineConfig config, String kind, boolean shared, int pages, List<String> names) {
    Set<String> asked = asked(names);
    if (!kindNames().contains(kind)) {
      throw Nearest.unknown("kind", kind, kindNames(), "; there are ");
    }
    Machine machine = new Machine(config);
    ResourceTreeReplay.useUpScraps(machine.frames());
    ObjectUnderTest object =
        kind.equals(CountedObjects.ANONYMOUS)
            ? null
            : PlainObjects.device(machine, kind).open(pages);
    if (object != null && object.errno() != 0) {
      throw BadInput.because(
          "kind "
              + kind
              + " of "
              + pages
              + " pages cannot be made on "
              + config.profile()
              + ": "
              + Errno.name(object.errno()));
    }
    CountedRun run = new CountedRun(machine, object, shared, pages);
    List<Operation> operations = new ArrayList<>();
    String end = run(run, config.profile().version(), asked, operations);
    return new CountedProgram(kind, shared, pages, ImmutableList.copyOf(operations), end);
  }

  private static Set<String> asked(List<String> names) {
    ImmutableSet<String> known = operationNames();
    for (String name : names) {
      if (!known.contains(name)) {
        throw Nearest.unknown("operation", name, known, "; there are ");
      }
    }
    return names.isEmpty() ? known : new LinkedHashSet<>(names);
  }

  private static @Nullable String run(
      CountedRun run, Version version, Set<String> asked, List<Operation> operations) {
    Meter meter = run.machine.kernel().meter;
    Map<CountedStep, EventCounts> done = new EnumMap<>(CountedStep.class);
    int left = asked.size();
    for (CountedStep step : CountedStep.values()) {
      if (left == 0) {
        return null;
      }
      long[] before = meter.snapshot();
      long result;
      try {
        result = step.run(run);
      } catch (KernelBug | KernelHang e) {
        return "the kernel died in " + step.recordedName() + ": " + e.getMessage();
      }
      EventCounts counts = EventCounts.since(meter, before);
      done.put(step, counts);
      String name = step.recordedName();
      if (name != null && asked.contains(name)) {
        CountedStep control = step.control();
        EventCounts own = control == null ? null : done.get(control);
        operations.add(
            operation(name, result, counts.less(own == null ? EventCounts.NONE : own), version));
        left--;
      }
    }
    return null;
  }

  private static Operation operation(
      String name, long result, EventCounts counts, Version version) {
    CountedSymbols symbols = CountedSymbols.standard();
    Map<String, Long> calls = new TreeMap<>();
    List<String> notCounted = new ArrayList<>();
    for (CountedSymbols.Row row : symbols.rows()) {
      String function = row.name(symbols.eras(), version);
      long n = row.modelled(counts);
      if (function == null || n == 0) {
        continue;
      }
      String reason = symbols.reasonToLeaveOut(row, name);
      if (reason != null) {
        notCounted.add(function + ": " + reason);
      } else {
        calls.put(function, n);
      }
    }
    return new Operation(
        name,
        result,
        ImmutableSortedMap.copyOf(calls),
        counts.of(ResourceTree.NODE_VISITED),
        ImmutableList.copyOf(notCounted));
  }
}
