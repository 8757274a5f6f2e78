package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.task.UserAccess;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.MapFlags;

/**
 * Random programs on the machine and on what memory means ({@link NaiveMemory}): same values, same
 * signals, every invariant after every step. A failure is shrunk, then shown with its seed.
 */
class RandomProgramTest {
  private static final long BASE = 0x1000_0000_0000L;

  /** Something to do to the machine before each step; the canaries break it here. */
  private interface Sabotage {
    void before(Machine machine, Step step);
  }

  private static final Sabotage NONE = (machine, step) -> {};

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2", "v6.18.44"})
  void machineAndMeaningAgree(String kernel) {
    Machine machine = new Machine(MachineConfig.of(KernelProfile.of(kernel)));
    for (long seed = 1; seed <= 60; seed++) {
      check(machine, seed, NONE);
    }
  }

  @Test
  void theCheckCatchesALostReference() {
    Machine machine = new Machine(MachineConfig.of(KernelProfile.of("v6.18.44")));
    Sabotage leak =
        (each, step) -> {
          if (step instanceof Step.Fork) {
            each.frames().alloc();
          }
        };
    assertThat(firstFailure(machine, 40, leak)).isPositive();
  }

  @Test
  void theCheckCatchesWrongRss() {
    Machine machine = new Machine(MachineConfig.of(KernelProfile.of("v6.18.44")));
    Sabotage miscount =
        (each, step) -> {
          if (step instanceof Step.Unmap) {
            each.processes().get(0).mm.anonRss++;
          }
        };
    assertThat(firstFailure(machine, 40, miscount)).isPositive();
  }

  @Test
  void theCheckCatchesAPageThatIsWrongfullyExclusive() {
    Machine machine = new Machine(MachineConfig.of(KernelProfile.of("v6.18.44")));
    Sabotage share =
        (each, step) -> {
          if (step instanceof Step.Store store) {
            long pfn =
                each.pagemap().pfn(each.processes().get(0).mm, BASE + ((long) store.page() << 12));
            if (pfn >= 0 && each.frames().has(pfn, Frames.ANON)) {
              each.frames().set(pfn, Frames.ANON_EXCLUSIVE);
            }
          }
        };
    assertThat(firstFailure(machine, 60, share)).isPositive();
  }

  @Test
  void theCheckCatchesAMoveThatLosesPages() {
    Machine machine = new Machine(MachineConfig.of(KernelProfile.of("v6.18.44")));
    Sabotage forget =
        (each, step) -> {
          if (step instanceof Step.Move move) {
            Process process = each.processes().get(move.process());
            each.syscalls()
                .madvise(
                    process, address(0), bytes(RandomPrograms.WINDOW), Advice.MADV_DONTNEED_LOCKED);
          }
        };
    assertThat(firstFailure(machine, 60, forget)).isPositive();
  }

  @Test
  void aFailureIsShrunkToItsCause() {
    List<Step> program = RandomPrograms.program(7, 120);
    List<Step> shrunk =
        RandomPrograms.shrink(
            program, steps -> steps.stream().filter(Step.Fork.class::isInstance).count() >= 2);
    assertThat(shrunk).hasSize(2).allMatch(Step.Fork.class::isInstance);
  }

  /** The first of these seeds that fails, or 0. */
  private static long firstFailure(Machine machine, long seeds, Sabotage sabotage) {
    for (long seed = 1; seed <= seeds; seed++) {
      if (run(machine, RandomPrograms.program(seed, 150), sabotage) != null) {
        return seed;
      }
    }
    return 0;
  }

  private static void check(Machine machine, long seed, Sabotage sabotage) {
    List<Step> program = RandomPrograms.program(seed, 150);
    String failure = run(machine, program, sabotage);
    if (failure != null) {
      List<Step> small =
          RandomPrograms.shrink(program, steps -> run(machine, steps, sabotage) != null);
      throw new AssertionError(
          "%s, seed %d: %s%nshrunk to %s"
              .formatted(machine.kernel().profile(), seed, run(machine, small, sabotage), small));
    }
  }

  /** What went wrong, or null. */
  private static @Nullable String run(Machine machine, List<Step> program, Sabotage sabotage) {
    machine.reset();
    NaiveMemory naive = new NaiveMemory();
    List<Process> processes = new ArrayList<>(List.of(machine.newProcess()));
    for (int i = 0; i < program.size(); i++) {
      Step step = program.get(i);
      if (!naive.alive(step.process())) {
        continue;
      }
      sabotage.before(machine, step);
      try {
        String difference = step(machine, naive, processes, step);
        if (difference != null) {
          return "step %d, %s: %s".formatted(i, step, difference);
        }
        Invariants.check(machine);
      } catch (IllegalStateException broken) {
        return "step %d, %s: %s".formatted(i, step, broken.getMessage());
      }
    }
    return null;
  }

  private static @Nullable String step(
      Machine machine, NaiveMemory naive, List<Process> processes, Step step) {
    Process process = processes.get(step.process());
    Syscalls calls = machine.syscalls();
    if (step instanceof Step.Map map) {
      int flags =
          (map.shared() ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE)
              | MapFlags.MAP_ANONYMOUS
              | (map.replace() ? MapFlags.MAP_FIXED : MapFlags.MAP_FIXED_NOREPLACE);
      long expected = address(map.page());
      if (!map.replace() && !naive.isFree(map.process(), map.page(), map.pages())) {
        expected = -Errno.EEXIST;
      } else {
        naive.map(map.process(), map.page(), map.pages(), map.prot(), map.shared());
      }
      long result =
          calls.mmap(process, address(map.page()), bytes(map.pages()), map.prot(), flags, null, 0);
      return compare(expected, result);
    } else if (step instanceof Step.Unmap unmap) {
      naive.unmap(unmap.process(), unmap.page(), unmap.pages());
      return compare(0, calls.munmap(process, address(unmap.page()), bytes(unmap.pages())));
    } else if (step instanceof Step.Protect protect) {
      boolean whole =
          naive.protect(protect.process(), protect.page(), protect.pages(), protect.prot());
      return compare(
          whole ? 0 : -Errno.ENOMEM,
          calls.mprotect(process, address(protect.page()), bytes(protect.pages()), protect.prot()));
    } else if (step instanceof Step.Load load) {
      int expected = naive.load(load.process(), load.page());
      return compare(expected, machine.userAccess().load(process.mm, address(load.page())));
    } else if (step instanceof Step.Store store) {
      int expected = Math.min(naive.store(store.process(), store.page(), store.value()), 0);
      return compare(
          expected,
          machine.userAccess().store(process.mm, address(store.page()), (byte) store.value()));
    } else if (step instanceof Step.Fork) {
      naive.fork(step.process());
      long child = calls.fork(process);
      if (child < 0) {
        return "fork gave " + Errno.name(child);
      }
      processes.add(machine.processes().get((int) child));
      return null;
    }
    if (step instanceof Step.Exit) {
      naive.exit(step.process());
      calls.exit(process);
      return null;
    }
    return RangeSteps.run(machine, naive, process, step);
  }

  static @Nullable String compare(long expected, long result) {
    return expected == result ? null : "expected " + expected + ", got " + result;
  }

  static long address(int page) {
    return BASE + ((long) page << 12);
  }

  static long bytes(int pages) {
    return (long) pages << 12;
  }

  @Test
  void namesOfAccessCodesMatchTheNaiveModel() {
    assertThat(UserAccess.SEGV_MAPERR).isEqualTo(NaiveMemory.MAPERR);
    assertThat(UserAccess.SEGV_ACCERR).isEqualTo(NaiveMemory.ACCERR);
  }
}
