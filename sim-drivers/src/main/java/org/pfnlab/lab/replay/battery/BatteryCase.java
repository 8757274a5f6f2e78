package org.pfnlab.lab.replay.battery;

import com.google.common.collect.ImmutableSet;
import java.util.Locale;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.lab.recording.Line;

/**
 * What one line asks: how the object is mapped, what is done to every page before, and the
 * operation.
 *
 * @param shared MAP_SHARED rather than MAP_PRIVATE
 * @param writable PROT_WRITE besides PROT_READ
 * @param pages length of the mapping
 * @param before what every page goes through first
 * @param operation its name
 */
record BatteryCase(boolean shared, boolean writable, int pages, Before before, String operation) {
  private static final int MOST_PAGES = 1 << 16;

  /** Fields that are inputs; everything else in a line is an answer. */
  static final ImmutableSet<String> INPUTS =
      ImmutableSet.of("kernel", "kind", "map", "prot", "pages", "pre", "op");

  /** What happens to the pages before the operation. */
  enum Before {
    NONE,
    LOAD,
    STORE
  }

  /** Reads the inputs of a line, without the kind's label. */
  static BatteryCase of(Line line) {
    return read(line, before(line), line.text("op"));
  }

  /** Reads how an object is mapped, for an operation that finds its pages untouched. */
  static BatteryCase mapping(Line line, String operation) {
    return read(line, Before.NONE, operation);
  }

  private static BatteryCase read(Line line, Before before, String operation) {
    long pages = line.integer("pages");
    if (pages < 1 || pages > MOST_PAGES) {
      throw line.bad("expected \"pages\" from 1 to " + MOST_PAGES + ", found " + pages);
    }
    return new BatteryCase(
        either(line, "map", "shared", "private"),
        either(line, "prot", "rw", "r"),
        (int) pages,
        before,
        operation);
  }

  private static boolean either(Line line, String field, String yes, String no) {
    String value = line.text(field);
    if (!value.equals(yes) && !value.equals(no)) {
      throw line.bad(
          "expected \""
              + yes
              + "\" or \""
              + no
              + "\" in \""
              + field
              + "\", found \""
              + value
              + "\"");
    }
    return value.equals(yes);
  }

  private static Before before(Line line) {
    return switch (line.text("pre")) {
      case "none" -> Before.NONE;
      case "load" -> Before.LOAD;
      case "store" -> Before.STORE;
      default ->
          throw line.bad(
              "expected none, load or store in \"pre\", found \"" + line.text("pre") + "\"");
    };
  }

  /** PROT_* of the mapping. */
  int prot() {
    return writable ? MapFlags.PROT_READ | MapFlags.PROT_WRITE : MapFlags.PROT_READ;
  }

  /** MAP_SHARED or MAP_PRIVATE. */
  int mapType() {
    return shared ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE;
  }

  /** The case in one line, as a mismatch names it. */
  String describe(String kind) {
    return operation
        + " kind="
        + kind
        + " map="
        + (shared ? "shared" : "private")
        + " prot="
        + (writable ? "rw" : "r")
        + " pages="
        + pages
        + " pre="
        + before.name().toLowerCase(Locale.ROOT);
  }
}
