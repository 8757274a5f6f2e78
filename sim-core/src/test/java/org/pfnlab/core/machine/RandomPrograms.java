package org.pfnlab.core.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.MapFlags;

/** Seeded random programs of memory operations, and how to make a failing one small. */
final class RandomPrograms {
  static final int WINDOW = 48;
  private static final int MAX_PROCESSES = 6;

  private RandomPrograms() {}

  /** The same program for the same seed, everywhere. */
  static List<Step> program(long seed, int length) {
    Random random = new Random(seed);
    List<Step> steps = new ArrayList<>();
    int processes = 1;
    for (int i = 0; i < length; i++) {
      int process = random.nextInt(processes);
      int page = random.nextInt(WINDOW);
      int pages = 1 + random.nextInt(12);
      switch (random.nextInt(28)) {
        case 0, 1, 2, 3 ->
            steps.add(
                new Step.Map(
                    process,
                    page,
                    pages,
                    prot(random),
                    random.nextInt(4) == 0,
                    random.nextInt(6) > 0));
        case 4, 5 -> steps.add(new Step.Unmap(process, page, pages));
        case 6, 7, 8 -> steps.add(new Step.Protect(process, page, pages, prot(random)));
        case 9, 10, 11, 12 -> steps.add(new Step.Load(process, page));
        case 13 -> {
          if (processes < MAX_PROCESSES) {
            processes++;
            steps.add(new Step.Fork(process));
          }
        }
        case 14 -> {
          if (random.nextInt(4) == 0) {
            steps.add(new Step.Exit(process));
          }
        }
        case 20, 21 -> steps.add(new Step.Move(process, page, pages, random.nextInt(WINDOW)));
        case 22 -> steps.add(new Step.Resize(process, page, pages, 1 + random.nextInt(16)));
        case 23, 24 -> steps.add(new Step.Advise(process, page, pages, advice(random)));
        case 25 -> steps.add(new Step.Lock(process, page, pages, random.nextInt(3) > 0));
        default -> steps.add(new Step.Store(process, page, 1 + random.nextInt(255)));
      }
    }
    return steps;
  }

  private static int advice(Random random) {
    return switch (random.nextInt(12)) {
      case 0 -> Advice.MADV_DONTFORK;
      case 1 -> Advice.MADV_DOFORK;
      case 2 -> Advice.MADV_WIPEONFORK;
      case 3 -> Advice.MADV_KEEPONFORK;
      case 4 -> Advice.MADV_FREE;
      case 5 -> Advice.MADV_COLD;
      case 6 -> Advice.MADV_PAGEOUT;
      case 7 -> Advice.MADV_RANDOM;
      case 8 -> Advice.MADV_NORMAL;
      default -> Advice.MADV_DONTNEED;
    };
  }

  private static int prot(Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> 0;
      case 1, 2 -> MapFlags.PROT_READ;
      default -> MapFlags.PROT_READ | MapFlags.PROT_WRITE;
    };
  }

  /** Removes ever smaller pieces as long as the rest still fails. */
  static <S> List<S> shrink(List<S> failing, Predicate<List<S>> fails) {
    List<S> best = new ArrayList<>(failing);
    for (int piece = best.size() / 2; piece > 0; piece /= 2) {
      int at = 0;
      while (at < best.size()) {
        List<S> shorter = new ArrayList<>(best);
        shorter.subList(at, Math.min(at + piece, shorter.size())).clear();
        if (fails.test(shorter)) {
          best = shorter;
        } else {
          at += piece;
        }
      }
    }
    return best;
  }
}
