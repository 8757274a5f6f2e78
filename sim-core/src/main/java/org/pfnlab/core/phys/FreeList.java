package org.pfnlab.core.phys;

import java.util.Arrays;

/**
 * Free blocks of one order in one zone: those that came back, last in first out, and the fresh ones
 * that nobody ever took, which exist only as runs of addresses.
 *
 * <p>Taking a block out of the middle (when its buddy is freed) leaves its entry in the stack;
 * whether an entry still counts is said by the frame, not by the stack.
 */
final class FreeList {
  private static final long[] NOTHING = {};

  /** Pairs of first pfn and number of blocks, ascending. */
  private long[] runs = NOTHING;

  private int run;
  private long takenOfRun;

  long[] stack = NOTHING;
  int size;

  /** Blocks in the stack that count. */
  int live;

  void addRun(long firstPfn, long blocks) {
    runs = Arrays.copyOf(runs, runs.length + 2);
    runs[runs.length - 2] = firstPfn;
    runs[runs.length - 1] = blocks;
  }

  /** The next fresh block, or -1. */
  long takeFresh(int order) {
    if (run == runs.length) {
      return -1;
    }
    long pfn = runs[run] + (takenOfRun << order);
    if (++takenOfRun == runs[run + 1]) {
      run += 2;
      takenOfRun = 0;
    }
    return pfn;
  }

  long freshBlocks() {
    long blocks = -takenOfRun;
    for (int i = run; i < runs.length; i += 2) {
      blocks += runs[i + 1];
    }
    return blocks;
  }

  /** Whether the pfn lies in a block that nobody ever took. */
  boolean isFresh(long pfn, int order) {
    for (int i = run; i < runs.length; i += 2) {
      long first = runs[i] + (i == run ? takenOfRun << order : 0);
      if (pfn >= first && pfn < runs[i] + (runs[i + 1] << order)) {
        return true;
      }
    }
    return false;
  }

  void push(long pfn) {
    if (size == stack.length) {
      stack = Arrays.copyOf(stack, Math.max(16, size * 2));
    }
    stack[size++] = pfn;
    live++;
  }

  void reset() {
    run = 0;
    takenOfRun = 0;
    size = 0;
    live = 0;
  }

  void assign(FreeList other) {
    runs = other.runs;
    run = other.run;
    takenOfRun = other.takenOfRun;
    stack = Arrays.copyOf(other.stack, other.size);
    size = other.size;
    live = other.live;
  }
}
