package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableSet;
import org.pfnlab.lab.recording.Line;

/** A case about reservations of cache modes: the inputs of one line with {@code test}. */
sealed interface MemtypeCase {
  /** The case in one line, as a mismatch names it. */
  String describe();

  /** Fields that are inputs; everything else in a line is an answer. */
  ImmutableSet<String> INPUTS =
      ImmutableSet.of(
          "test",
          "first",
          "first_pages",
          "second",
          "second_pages",
          "iomap_wc_over_whole_bar",
          "kind",
          "map",
          "first_bar_page",
          "pages",
          "event");

  /**
   * Two shared mappings of the BAR, one after the other, unmapped in the same order.
   *
   * @param first how the first is mapped, by its label
   * @param firstPages which pages of the BAR
   * @param second how the second is mapped
   * @param secondPages which pages of the BAR
   * @param reserved whether the driver holds an io_mapping of the whole BAR, write-combined
   */
  record Pair(
      String first, PageRange firstPages, String second, PageRange secondPages, boolean reserved)
      implements MemtypeCase {
    @Override
    public String describe() {
      return "pair first="
          + (first + firstPages)
          + (" second=" + second + secondPages)
          + (" iomap_wc_over_whole_bar=" + reserved);
    }
  }

  /**
   * One mapping through its life.
   *
   * @param kind how it is mapped, by its label
   * @param shared MAP_SHARED rather than MAP_PRIVATE
   * @param pages which pages of the BAR
   * @param event what happens to it
   */
  record Life(String kind, boolean shared, PageRange pages, LifeEvent event)
      implements MemtypeCase {
    @Override
    public String describe() {
      return "life "
          + event.label()
          + (" kind=" + kind + pages)
          + (" map=" + (shared ? "shared" : "private"));
    }
  }

  /**
   * Pages of the BAR.
   *
   * @param start the first one
   * @param end the one behind the last
   */
  record PageRange(long start, long end) {
    /** A BAR of the recorded machines has fewer; more would not be a range of it. */
    static final long MOST = 1 << 20;

    long pages() {
      return end - start;
    }

    long bytes() {
      return pages() << 12;
    }

    @Override
    public String toString() {
      return "[" + start + "," + end + ")";
    }
  }

  /** Reads the inputs of a line. */
  static MemtypeCase of(Line line) {
    return switch (line.text("test")) {
      case "pair" ->
          new Pair(
              line.text("first"),
              range(line, "first_pages"),
              line.text("second"),
              range(line, "second_pages"),
              line.integer("iomap_wc_over_whole_bar") != 0);
      case "life" -> life(line);
      default ->
          throw line.bad("expected pair or life in \"test\", found \"" + line.text("test") + "\"");
    };
  }

  private static Life life(Line line) {
    long first = line.integer("first_bar_page");
    long pages = line.integer("pages");
    if (first < 0 || first > PageRange.MOST || pages < LifeEvent.LEAST_PAGES || pages > 512) {
      throw line.bad(
          "expected \"pages\" from "
              + (LifeEvent.LEAST_PAGES + " to 512 and \"first_bar_page\" of a BAR, found ")
              + (pages + " and " + first));
    }
    String map = line.text("map");
    if (!map.equals("shared") && !map.equals("private")) {
      throw line.bad("expected shared or private in \"map\", found \"" + map + "\"");
    }
    LifeEvent event = LifeEvent.find(line.text("event"));
    if (event == null) {
      throw line.bad("expected an event like munmap or fork, found \"" + line.text("event") + "\"");
    }
    return new Life(
        line.text("kind"), map.equals("shared"), new PageRange(first, first + pages), event);
  }

  private static PageRange range(Line line, String field) {
    JsonNode range = line.required(field);
    if (range.isArray()
        && range.size() == 2
        && range.get(0).canConvertToInt()
        && range.get(1).canConvertToInt()) {
      long start = range.get(0).intValue();
      long end = range.get(1).intValue();
      if (start >= 0 && start < end && end <= PageRange.MOST) {
        return new PageRange(start, end);
      }
    }
    throw line.bad(
        "expected two page numbers, the lower one first, in \""
            + field
            + "\", found "
            + Line.shortened(range));
  }
}
