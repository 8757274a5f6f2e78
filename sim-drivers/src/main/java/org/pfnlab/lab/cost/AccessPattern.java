package org.pfnlab.lab.cost;

import java.util.Random;

/** In which order a program touches what it has mapped. */
public enum AccessPattern {
  /** Every page once, from the first to the last. */
  SEQUENTIAL("each page is touched in turn"),
  /** Every page once, in an order that is the same each time. */
  RANDOM("each page is touched once, in random order"),
  /** One page in the middle. */
  ONCE("one page of the mapping is touched"),
  /** Every page once more after the driver took all entries away; only that is counted. */
  REFAULT("the driver takes all entries away, then each page is touched in turn");

  private static final long SEED = 20250820;

  private final String about;

  AccessPattern(String about) {
    this.about = about;
  }

  /** What the program does, for reports. */
  public String about() {
    return about;
  }

  /** The pages that are touched, in their order. */
  long[] order(long pages) {
    if (this == ONCE) {
      return new long[] {pages / 2};
    }
    long[] order = new long[Math.toIntExact(pages)];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    if (this == RANDOM) {
      Random random = new Random(SEED);
      for (int i = order.length - 1; i > 0; i--) {
        int other = random.nextInt(i + 1);
        long page = order[i];
        order[i] = order[other];
        order[other] = page;
      }
    }
    return order;
  }
}
