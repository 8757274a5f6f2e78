package org.pfnlab.lab.record;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.record.LivePages.Range;

/** Random mremap calls: moves, growth and shrinking in place, copies of length 0. */
final class Remaps {
  private static final int WINDOW = LivePages.WINDOW;

  private final Chance chance;
  private final Ranges ranges;

  Remaps(Chance chance, Ranges ranges) {
    this.chance = chance;
    this.ranges = ranges;
  }

  /** One call; the pages follow it. */
  String next(LivePages pages) {
    Range range = ranges.near(pages);
    double kind = chance.fraction();
    if (kind < 0.55) {
      return move(range, pages);
    }
    if (kind < 0.85) {
      return inPlace(range, pages);
    }
    if (kind < 0.92) {
      int newPages = chance.between(1, 6);
      int to = chance.between(0, WINDOW - newPages + 1);
      String sizes = "mremap page=" + range.start() + " n=0 newn=" + newPages;
      return sizes + " flags=maymove+fixed to=" + to;
    }
    int newPages = clamp(range.pages() + chance.oneOf(-2, -1, 1, 2), WINDOW - range.start());
    String old = "mremap page=" + range.start() + " n=" + Math.min(range.pages(), 3);
    return old + " newn=" + newPages + " flags=maymove";
  }

  private static int clamp(int pages, int most) {
    return Math.max(1, Math.min(pages, most));
  }

  private String move(Range from, LivePages pages) {
    int change = chance.is(0.7) ? 0 : chance.oneOf(-2, -1, 1, 2, 4);
    int newPages = clamp(from.pages() + change, WINDOW);
    int to = chance.between(0, WINDOW - newPages + 1);
    boolean keeps = chance.is(0.15);
    String flags = "maymove+fixed" + (keeps ? "+dontunmap" : "");
    String call = "mremap " + ranges.written(from) + " newn=" + newPages + " flags=" + flags;
    if (from.start() >= to + newPages || to >= from.start() + from.pages()) {
      follow(from, to, newPages, keeps, pages);
    }
    return call + " to=" + to;
  }

  private static void follow(Range from, int to, int newPages, boolean keeps, LivePages pages) {
    List<@Nullable String> old = new ArrayList<>();
    for (int i = 0; i < from.pages(); i++) {
      old.add(pages.protection(from.start() + i));
    }
    if (!keeps) {
      pages.unmap(from.start(), from.pages());
    }
    pages.unmap(to, newPages);
    for (int i = 0; i < newPages; i++) {
      String protection = old.get(Math.min(i, from.pages() - 1));
      if (protection != null) {
        pages.map(to + i, 1, protection);
      }
    }
  }

  private String inPlace(Range near, LivePages pages) {
    Range from = near;
    List<Range> runs = pages.runs();
    if (!runs.isEmpty() && chance.is(0.6)) {
      // The last pages of a stretch: growing has a chance there.
      Range run = chance.oneOf(runs);
      int count = Math.min(Math.min(near.pages(), run.pages()), 3);
      from = new Range(run.start() + run.pages() - count, count);
    }
    int change = chance.oneOf(-3, -2, -1, 1, 1, 2, 2, 3, 4, 8);
    int newPages = clamp(from.pages() + change, WINDOW - from.start());
    String call = "mremap " + ranges.written(from) + " newn=" + newPages + " flags=none";
    int end = from.start() + from.pages();
    int grown = newPages - from.pages();
    String protection = pages.protection(end - 1);
    if (grown < 0) {
      pages.unmap(from.start() + newPages, -grown);
    } else if (end < WINDOW && protection != null && !pages.anyIn(end, grown)) {
      pages.map(end, grown, protection);
    }
    return call;
  }
}
