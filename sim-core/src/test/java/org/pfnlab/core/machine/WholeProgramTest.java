package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.KernelHang;
import org.pfnlab.core.kernel.KernelProfile;

/**
 * Random programs of every operation that processes have here: objects of all kinds, mremap and
 * madvise in all forms, locks and seals, fork trees, everybody who uses another's pages. All
 * invariants are recounted after every step, shared mappings read what the file holds, and a
 * machine that was reset answers like a new one. A failure is shrunk, then shown with its seed.
 */
class WholeProgramTest {
  private static final int LENGTH = 120;
  private static final int SEEDS = 40;

  /** Something that is done to the machine before each step; the canaries break it here. */
  private interface Sabotage {
    void before(Machine machine, WholeProgram.Step step);
  }

  private static final Sabotage NONE = (machine, step) -> {};

  /** What came of a program: its answers, and what went wrong, if anything did. */
  private record Run(List<Long> answers, @Nullable String failure) {}

  private static Machine machine(String kernel) {
    return new Machine(MachineConfig.of(KernelProfile.of(kernel)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2", "v6.18.44"})
  void invariantsHoldAfterEveryStep(String kernel) {
    Machine machine = machine(kernel);
    for (long seed = 1; seed <= SEEDS; seed++) {
      List<WholeProgram.Step> steps = WholeProgram.random(new SplittableRandom(seed), LENGTH);
      String failure = run(machine, steps, NONE).failure();
      if (failure != null) {
        List<WholeProgram.Step> small =
            RandomPrograms.shrink(steps, each -> run(machine, each, NONE).failure() != null);
        throw new AssertionError(
            "%s, seed %d: %s%nshrunk to %s"
                .formatted(kernel, seed, run(machine, small, NONE).failure(), small));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.18.44"})
  void aMachineThatWasResetAnswersLikeANewOne(String kernel) {
    Machine used = machine(kernel);
    for (long seed = 1; seed <= 12; seed++) {
      List<WholeProgram.Step> steps = WholeProgram.random(new SplittableRandom(seed), LENGTH);
      assertThat(run(used, steps, NONE).answers())
          .as("seed %d", seed)
          .isEqualTo(run(machine(kernel), steps, NONE).answers());
    }
  }

  /** Every operation is drawn, and each succeeds somewhere. */
  @Test
  void everyOperationSucceedsSomewhere() {
    Machine machine = machine("v6.18.44");
    List<WholeProgram.Op> missing = new ArrayList<>(List.of(WholeProgram.Op.values()));
    for (long seed = 1; seed <= 10 * SEEDS && !missing.isEmpty(); seed++) {
      List<WholeProgram.Step> steps = WholeProgram.random(new SplittableRandom(seed), LENGTH);
      List<Long> answers = run(machine, steps, NONE).answers();
      for (int i = 0; i < answers.size(); i++) {
        if (answers.get(i) >= 0) {
          missing.remove(steps.get(i).op());
        }
      }
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void theCheckCatchesALostReference() {
    Sabotage leak =
        (machine, step) -> {
          if (step.op() == WholeProgram.Op.VMSPLICE) {
            machine.frames().alloc();
          }
        };
    assertThat(firstFailure(leak)).isPositive();
  }

  @Test
  void theCheckCatchesAFileThatChangesBehindItsMappings() {
    Machine machine = machine("v6.18.44");
    LongConsumer change =
        pfn -> machine.frames().storeWord(pfn, 0, ~machine.frames().loadWord(pfn, 0));
    long failures = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      List<WholeProgram.Step> steps = WholeProgram.random(new SplittableRandom(seed), LENGTH);
      failures += run(machine, steps, NONE, change).failure() != null ? 1 : 0;
    }
    assertThat(failures).isPositive();
  }

  private static long firstFailure(Sabotage sabotage) {
    Machine machine = machine("v6.18.44");
    for (long seed = 1; seed <= SEEDS; seed++) {
      List<WholeProgram.Step> steps = WholeProgram.random(new SplittableRandom(seed), LENGTH);
      if (run(machine, steps, sabotage).failure() != null) {
        return seed;
      }
    }
    return 0;
  }

  private static Run run(Machine machine, List<WholeProgram.Step> steps, Sabotage sabotage) {
    return run(machine, steps, sabotage, pfn -> {});
  }

  private static Run run(
      Machine machine, List<WholeProgram.Step> steps, Sabotage sabotage, LongConsumer afterLoad) {
    machine.reset();
    WholeProgram program = new WholeProgram(machine, afterLoad);
    List<Long> answers = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      WholeProgram.Step step = steps.get(i);
      try {
        sabotage.before(machine, step);
        answers.add(program.run(step));
        Invariants.check(machine);
      } catch (IllegalStateException broken) {
        return new Run(answers, "step %d, %s: %s".formatted(i, step, broken.getMessage()));
      } catch (KernelBug | KernelHang death) {
        return new Run(answers, "step %d, %s: %s".formatted(i, step, death.getMessage()));
      }
    }
    return new Run(answers, null);
  }
}
