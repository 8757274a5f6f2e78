package org.pfnlab.lab.iomem;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.iomem.ResourceTree;

/**
 * Made-up resource trees that differ only in their size and in the place of the BAR that is asked
 * about, so that a curve can be drawn over them.
 *
 * <p>The shape is that of a server: low RAM, a window below 4 GiB with chipset devices, high RAM,
 * then up to eight windows of 64-bit BARs above all RAM, as firmware puts them. Every second
 * resource is a PCI function, with its driver's claim inside it. The functions beyond the fixed
 * part are spread evenly over the windows.
 */
public final class GrowingTree {
  /** The smallest tree of this shape. */
  public static final int SMALLEST = 16;

  private static final int MOST_WINDOWS = 8;
  private static final int FIXED = 8;
  private static final long WINDOW_SIZE = 1L << 36;
  private static final long FIRST_WINDOW = 0x40_0000_0000L;
  private static final long BAR_SIZE = 64L << 20;

  /** Where the BAR lies among the others. */
  public enum Place {
    /** The first function of the first window. */
    EARLY,
    /** The last function of the last window. */
    LATE
  }

  private GrowingTree() {}

  /**
   * The tree as /proc/iomem prints it.
   *
   * @param resources how many there are, at least {@link #SMALLEST}
   */
  public static IomemFile of(int resources) {
    if (resources < SMALLEST) {
      throw new IllegalArgumentException(
          "the shape has at least " + SMALLEST + " resources, not " + resources);
    }
    StringBuilder text = new StringBuilder(resources * 48);
    text.append(
        """
        00000000-00000fff : Reserved
        00001000-0009ffff : System RAM
        000a0000-000fffff : Reserved
        00100000-7fffffff : System RAM
        """);
    line(text, 0, 0x8000_0000L, 0xdfff_ffffL, "PCI Bus 0000:00");
    line(text, 0, 0xfec0_0000L, 0xfec0_03ffL, "IOAPIC 0");
    line(text, 0, 0xfee0_0000L, 0xfee0_0fffL, "Local APIC");
    line(text, 0, 0x1_0000_0000L, 0x10_7fff_ffffL, "System RAM");
    int rest = resources - FIXED;
    int windows = Math.min(MOST_WINDOWS, rest / 2);
    for (int window = 0; window < windows; window++) {
      int share = rest / windows + (window < rest % windows ? 1 : 0);
      window(text, window, share - 1);
    }
    return new IomemFile("made up, " + resources + " resources", text.toString());
  }

  private static void window(StringBuilder text, int window, int inside) {
    int bus = window * 32;
    long start = FIRST_WINDOW + window * WINDOW_SIZE;
    line(text, 0, start, start + WINDOW_SIZE - 1, "PCI Bus 0000:" + hex(bus, 2));
    for (int i = 0; i < inside; i++) {
      int function = i / 2;
      long bar = start + function * BAR_SIZE;
      String name =
          i % 2 == 1
              ? "driver"
              : "0000:" + hex(bus + function / 32, 2) + ":" + hex(function % 32, 2) + ".0";
      line(text, 1 + i % 2, bar, bar + BAR_SIZE - 1, name);
    }
  }

  private static void line(StringBuilder text, int depth, long start, long end, String name) {
    text.append("  ".repeat(depth));
    text.append(hex(start, 8)).append('-').append(hex(end, 8)).append(" : ").append(name);
    text.append('\n');
  }

  private static String hex(long value, int digits) {
    String hex = Long.toHexString(value);
    return "0".repeat(Math.max(0, digits - hex.length())) + hex;
  }

  /** The BAR at that place of a tree of this shape. */
  public static Bars.Found bar(ResourceTree tree, Place place) {
    ImmutableList<Bars.Found> bars = Bars.of(tree).all();
    return bars.get(place == Place.EARLY ? 0 : bars.size() - 1);
  }
}
