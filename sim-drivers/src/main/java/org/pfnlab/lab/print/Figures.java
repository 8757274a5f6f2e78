package org.pfnlab.lab.print;

import java.util.Locale;

/** Numbers as people read them, the same in every locale. */
public final class Figures {
  private static final String[] SIZES = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  private static final String[] TIMES = {"ns", "us", "ms", "s"};

  private Figures() {}

  /** {@code 262,144}. */
  public static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** Three significant digits and no more than needed: {@code 0.76}, {@code 9.9}, {@code 751}. */
  public static String number(double value) {
    double size = Math.abs(value);
    if (!Double.isFinite(value)) {
      return "-";
    }
    if (size >= 99.95) {
      return count(Math.round(value));
    }
    String text = String.format(Locale.ROOT, size >= 9.995 ? "%.1f" : "%.2f", value);
    int end = text.length();
    while (text.charAt(end - 1) == '0') {
      end--;
    }
    if (text.charAt(end - 1) == '.') {
      end--;
    }
    String shortened = text.substring(0, end);
    return shortened.equals("-0") ? "0" : shortened;
  }

  /** {@code 9.9x}. */
  public static String ratio(double value) {
    return number(value) + "x";
  }

  /** Nanoseconds in the unit that suits them: {@code 751 ns}, {@code 197 ms}. */
  public static String time(double ns) {
    int unit = 0;
    double value = ns;
    while (Math.abs(value) >= 999.5 && unit < TIMES.length - 1) {
      value /= 1000;
      unit++;
    }
    return number(value) + " " + TIMES[unit];
  }

  /** Bytes in the largest unit that keeps them at least one: {@code 64 MiB}, {@code 15.7 GiB}. */
  public static String size(long bytes) {
    int unit = 0;
    double value = bytes;
    while (value >= 1024 && unit < SIZES.length - 1) {
      value /= 1024;
      unit++;
    }
    return number(value) + " " + SIZES[unit];
  }

  /** An address as /proc/iomem prints it: at least eight digits. */
  public static String address(long address) {
    return String.format(Locale.ROOT, "%08x", address);
  }

  /** {@code 1 page}, {@code 2 pages}. */
  public static String plural(long count, String one, String many) {
    return count(count) + " " + (count == 1 ? one : many);
  }
}
