package org.pfnlab.lab.record;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the generator believes is mapped in one process: pages of the window with their protection.
 * It only has to be right most of the time, so that most operations find something to work on.
 */
final class LivePages {
  /** Pages that sequences use: few, so that operations meet. */
  static final int WINDOW = 64;

  /**
   * A range of pages.
   *
   * @param start its first page
   * @param pages how many
   */
  record Range(int start, int pages) {}

  private final TreeMap<Integer, String> protections = new TreeMap<>();

  LivePages() {}

  /** The same, for a child. */
  LivePages(LivePages parent) {
    protections.putAll(parent.protections);
  }

  boolean isMapped(int page) {
    return protections.containsKey(page);
  }

  @Nullable String protection(int page) {
    return protections.get(page);
  }

  void map(int start, int pages, String protection) {
    for (int page = start; page < Math.min(start + pages, WINDOW); page++) {
      protections.put(page, protection);
    }
  }

  void unmap(int start, int pages) {
    protections.subMap(start, start + Math.max(pages, 0)).clear();
  }

  /** Changes the protection up to the first hole. */
  void protect(int start, int pages, String protection) {
    for (int page = start; page < start + pages && isMapped(page); page++) {
      protections.put(page, protection);
    }
  }

  boolean anyIn(int start, int pages) {
    return !protections.subMap(start, start + pages).isEmpty();
  }

  List<Integer> pages() {
    return List.copyOf(protections.keySet());
  }

  /** Pages whose protection has this letter. */
  List<Integer> pagesWith(String letter) {
    List<Integer> pages = new ArrayList<>();
    for (Map.Entry<Integer, String> page : protections.entrySet()) {
      if (page.getValue().contains(letter)) {
        pages.add(page.getKey());
      }
    }
    return pages;
  }

  /** Stretches without holes. */
  List<Range> runs() {
    List<Range> runs = new ArrayList<>();
    int start = -1;
    for (int page = 0; page <= WINDOW; page++) {
      if (page < WINDOW && isMapped(page)) {
        start = start < 0 ? page : start;
      } else if (start >= 0) {
        runs.add(new Range(start, page - start));
        start = -1;
      }
    }
    return runs;
  }
}
