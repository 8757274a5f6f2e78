package org.pfnlab.core.pat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.testing.Shrinking;

/** Random reservations, frees and lookups against a plain list. */
final class MemtypesRandomTest {
  private record Step(char op, int first, int end, CacheMode want, boolean accept) {}

  private record Entry(int first, int end, CacheMode mode) {}

  /** Reservations in the order of the list; nothing clever. */
  private static class PlainList {
    final List<Entry> entries = new ArrayList<>();

    void insert(Entry entry) {
      int at = 0;
      while (at < entries.size() && entries.get(at).first <= entry.first) {
        at++;
      }
      entries.add(at, entry);
    }

    long reserve(Step step) {
      // The BAR is uncached by MTRR, so a wish for WB is one for UC-.
      CacheMode mode = step.want == CacheMode.WB ? CacheMode.UC_MINUS : step.want;
      boolean adopted = false;
      for (Entry entry : entries) {
        if (entry.first < step.end && step.first < entry.end) {
          if (step.accept && !adopted) {
            mode = entry.mode;
            adopted = true;
          }
          if (entry.mode != mode) {
            return -Errno.EBUSY;
          }
        }
      }
      insert(new Entry(step.first, step.end, mode));
      return mode.value();
    }

    long free(Step step, boolean exactOnly) {
      for (Entry entry : entries) {
        if (entry.first == step.first && entry.end == step.end) {
          entries.remove(entry);
          return 0;
        }
      }
      for (Entry entry : entries) {
        if (!exactOnly && entry.first < step.first && entry.end == step.end) {
          entries.remove(entry);
          insert(new Entry(entry.first, step.first, entry.mode));
          return 0;
        }
      }
      return -Errno.EINVAL;
    }

    CacheMode lookup(int page) {
      for (Entry entry : entries) {
        if (entry.first <= page && page < entry.end) {
          return entry.mode;
        }
      }
      return CacheMode.UC_MINUS;
    }
  }

  /** A list that forgets to put the shrunk one behind its equals. */
  private static final class Forgetful extends PlainList {
    @Override
    long free(Step step, boolean exactOnly) {
      long result = super.free(step, exactOnly);
      if (result == 0 && !entries.isEmpty()) {
        entries.add(0, entries.remove(entries.size() - 1));
      }
      return result;
    }
  }

  private static List<Step> program(long seed, int steps) {
    Random random = new Random(seed);
    int pages = 4 + random.nextInt(60);
    List<Step> program = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      int first = random.nextInt(pages);
      int end = first + 1 + random.nextInt(pages - first);
      CacheMode want = CacheMode.of(random.nextInt(random.nextBoolean() ? 3 : 6));
      program.add(
          new Step("rrrrffffl".charAt(random.nextInt(9)), first, end, want, random.nextInt(4) > 0));
    }
    return program;
  }

  private static @Nullable String difference(String version, List<Step> program, PlainList plain) {
    PatMachine machine = new PatMachine(version);
    boolean exactOnly = machine.kernel.has(Memtypes.MEMTYPE_ERASE_EXACT);
    for (Step step : program) {
      long result;
      long expected;
      switch (step.op) {
        case 'r' -> {
          result = machine.reserve(step.first, step.end, step.want, step.accept);
          expected = plain.reserve(step);
        }
        case 'f' -> {
          result = machine.free(step.first, step.end);
          expected = plain.free(step, exactOnly);
        }
        default -> {
          result = machine.memtypes.lookup(PatMachine.BAR + ((long) step.first << 12)).value();
          expected = plain.lookup(step.first).value();
        }
      }
      StringBuilder list = new StringBuilder();
      for (Entry entry : plain.entries) {
        String mode = entry.mode == CacheMode.UC_MINUS ? "UC-" : entry.mode.name();
        list.append(list.isEmpty() ? "" : " ").append(entry.first + "-" + entry.end + ":" + mode);
      }
      if (result != expected || !machine.list().contentEquals(list)) {
        return "%s: %d and %s, the plain list says %d and %s"
            .formatted(step, result, machine.list(), expected, list);
      }
    }
    return null;
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.18.2"})
  void behavesAsAPlainList(String version) {
    for (long seed = 1; seed <= 100; seed++) {
      List<Step> program = program(seed, 120);
      String different = difference(version, program, new PlainList());
      if (different != null) {
        List<Step> smallest =
            Shrinking.shrink(program, part -> difference(version, part, new PlainList()) != null);
        throw new AssertionError(
            "seed %d on %s: %s%nsmallest program:%n%s"
                .formatted(seed, version, different, smallest));
      }
    }
  }

  /** The canary. */
  @Test
  void aWrongListIsNoticed() {
    List<Step> program = program(1, 120);
    assertThat(difference("v5.11", program, new Forgetful())).isNotNull();
    assertThat(
            Shrinking.shrink(program, part -> difference("v5.11", part, new Forgetful()) != null))
        .hasSizeLessThan(6);
  }

  /** Many equal and nested reservations, as a BAR mapped again and again leaves them. */
  @Test
  void manyReservationsStayInOrder() {
    PatMachine machine = new PatMachine("v6.1");
    int n = 4_000;
    for (int i = 0; i < n; i++) {
      machine.reserve(i % 7, 16 + i, CacheMode.WC, true);
    }
    machine.memtypes.checkInvariants();
    assertThat(machine.memtypes.count()).isEqualTo(n);
    for (int i = 1; i < n; i++) {
      long start = machine.memtypes.start(i);
      long before = machine.memtypes.start(i - 1);
      assertThat(
              before < start
                  || (before == start && machine.memtypes.end(i - 1) < machine.memtypes.end(i)))
          .isTrue();
    }
    for (int i = 0; i < n; i++) {
      assertThat(machine.free(i % 7, 16 + i)).isZero();
    }
    assertThat(machine.memtypes.count()).isZero();
  }
}
