package org.pfnlab.lab.record;

import java.util.List;
import org.pfnlab.lab.record.LivePages.Range;

/** Pages and ranges that random operations act on, and how scripts write them. */
final class Ranges {
  private final Chance chance;

  Ranges(Chance chance) {
    this.chance = chance;
  }

  /** Anywhere in the window. */
  Range any() {
    int pages = chance.oneOf(1, 1, 2, 2, 3, 4, 5, 6, 8, 12, 16);
    return new Range(chance.between(0, LivePages.WINDOW - pages + 1), pages);
  }

  /** Mostly inside one mapped stretch, sometimes at one of its ends, sometimes anywhere. */
  Range near(LivePages pages) {
    Range range = any();
    List<Range> runs = pages.runs();
    double place = chance.fraction();
    if (runs.isEmpty() || place >= 0.86) {
      return range;
    }
    if (place < 0.74) {
      double[] sizes = runs.stream().mapToDouble(Range::pages).toArray();
      Range run = runs.get(chance.weighted(sizes));
      int behind = run.start() + run.pages();
      int start = chance.between(run.start(), behind);
      return new Range(start, Math.min(range.pages(), behind - start));
    }
    Range run = chance.oneOf(runs);
    int count = Math.min(range.pages(), run.pages());
    int start = chance.oneOf(run.start(), run.start() + run.pages() - count);
    return new Range(start, count);
  }

  String mostlyMapped(LivePages pages) {
    return written(near(pages));
  }

  /** A page, mostly a mapped one whose protection has this letter. */
  int page(LivePages pages, String letter) {
    double place = chance.fraction();
    List<Integer> fitting = letter.isEmpty() ? List.of() : pages.pagesWith(letter);
    if (place < 0.80 && !fitting.isEmpty()) {
      return chance.oneOf(fitting);
    }
    List<Integer> all = pages.pages();
    return place < 0.95 && !all.isEmpty() ? chance.oneOf(all) : chance.between(0, LivePages.WINDOW);
  }

  /** The range as inputs, now and then malformed. */
  String written(Range range) {
    double form = chance.fraction();
    String page = "page=" + range.start();
    if (form < 0.015) {
      return page + " off=" + chance.oneOf(1, 512, 4095) + " n=" + range.pages();
    }
    if (form < 0.03) {
      return page + " n=0";
    }
    if (form < 0.035) {
      return page + " rawlen=0xfffffffffffff000";
    }
    if (form < 0.05) {
      return page + " n=" + range.pages() + " nb=-" + chance.oneOf(1, 100, 4095);
    }
    return page + " n=" + range.pages();
  }
}
