package org.pfnlab.lab.replay.battery;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import org.pfnlab.lab.replay.battery.MemtypeCase.Life;
import org.pfnlab.lab.replay.battery.MemtypeCase.PageRange;
import org.pfnlab.lab.replay.battery.MemtypeCase.Pair;

/**
 * Every case of the recording program's stage about memory types, in its order. They all ran in one
 * boot, and what one leaks the next ones meet: an io_mapping of the whole BAR fails once
 * reservations that disagree have been left in it. So a recording in which cases are missing can
 * only be judged if those are run too.
 */
final class MemtypeProgram {
  private static final ImmutableList<String> LABELS =
      ImmutableList.of(
          "mod_remap_wc",
          "mod_remap_ucminus",
          "mod_remap_wb",
          "mod_insert_pfn_wc",
          "mod_iomap_prefault",
          "devmem",
          "devmem_osync",
          "pcisysfs_resource2",
          "pcisysfs_resource2_wc");

  private static final PageRange FIRST = new PageRange(0, 16);
  private static final ImmutableList<PageRange> SECOND =
      ImmutableList.of(
          new PageRange(0, 16),
          new PageRange(8, 24),
          new PageRange(4, 8),
          new PageRange(16, 32),
          new PageRange(0, 8),
          new PageRange(0, 32));

  /** Each life has BAR pages of its own, from here on. */
  private static final long FIRST_LIFE_PAGE = 1024;

  private static final long LIFE_STEP = 64;

  /** Where each case stands. */
  private static final ImmutableMap<MemtypeCase, Integer> PLACES = places();

  private MemtypeProgram() {}

  /** The cases in their order. */
  static ImmutableList<MemtypeCase> cases() {
    return PLACES.keySet().asList();
  }

  /** The place of a case, or -1 if the program does not have it. */
  static int placeOf(MemtypeCase asked) {
    return PLACES.getOrDefault(asked, -1);
  }

  private static ImmutableMap<MemtypeCase, Integer> places() {
    ImmutableMap.Builder<MemtypeCase, Integer> places = ImmutableMap.builder();
    int place = 0;
    for (MemtypeCase each :
        ImmutableList.<MemtypeCase>builder().addAll(pairs()).addAll(lives()).build()) {
      places.put(each, place++);
    }
    return places.buildOrThrow();
  }

  private static ImmutableList<MemtypeCase> pairs() {
    ImmutableList.Builder<MemtypeCase> pairs = ImmutableList.builder();
    for (String first : LABELS) {
      for (String second : LABELS) {
        boolean needed = BarFiles.needsReservation(first) || BarFiles.needsReservation(second);
        for (PageRange pages : SECOND) {
          if (!needed) {
            pairs.add(new Pair(first, FIRST, second, pages, false));
          }
          if (pages.equals(FIRST)) {
            pairs.add(new Pair(first, FIRST, second, pages, true));
          }
        }
      }
    }
    return pairs.build();
  }

  private static ImmutableList<MemtypeCase> lives() {
    ImmutableList.Builder<MemtypeCase> lives = ImmutableList.builder();
    long at = FIRST_LIFE_PAGE;
    for (String kind : LABELS) {
      for (boolean shared : new boolean[] {true, false}) {
        for (LifeEvent event : LifeEvent.values()) {
          boolean revokes = event == LifeEvent.REVOKE && !BarFiles.isDrivers(kind);
          if (revokes || (!shared && BarFiles.isBugWhenPrivate(kind))) {
            continue;
          }
          lives.add(new Life(kind, shared, new PageRange(at, at + FIRST.pages()), event));
          at += LIFE_STEP;
        }
      }
    }
    return lives.build();
  }
}
