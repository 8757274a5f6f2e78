package org.pfnlab.benchmarks;

/** Resource trees of any size with one BAR in them, as /proc/iomem prints them. */
final class Trees {
  /** First byte of the BAR. */
  static final long BAR = 0x20_0000_0000L;

  /** Length of the BAR in bytes: 1 GiB. */
  static final long BAR_SIZE = 1L << 30;

  private static final long BELOW = 0x1_0000_0000L;
  private static final long ABOVE = 0x40_0000_0000L;
  private static final long STEP = 0x10_0000L;

  private Trees() {}

  /**
   * A machine with 1 GiB of RAM, one BAR, and other top-level resources.
   *
   * @param resources lines in all
   * @param late whether the others lie below the BAR, so that every search for it passes them
   */
  static String text(int resources, boolean late) {
    StringBuilder text = new StringBuilder("00100000-3fffffff : System RAM\n");
    if (!late) {
      appendBar(text);
    }
    for (int i = 0; i < resources - 3; i++) {
      long start = (late ? BELOW : ABOVE) + i * STEP;
      text.append("%08x-%08x : device%n".formatted(start, start + 4095).replace("\r", ""));
    }
    if (late) {
      appendBar(text);
    }
    return text.toString();
  }

  private static void appendBar(StringBuilder text) {
    text.append("%x-%x : PCI Bus 0000:00\n".formatted(BAR, BAR + BAR_SIZE - 1));
    text.append("  %x-%x : 0000:00:03.0\n".formatted(BAR, BAR + BAR_SIZE - 1));
  }
}
