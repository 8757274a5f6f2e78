package org.pfnlab.lab.replay.counts;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.phys.Buddy;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.Zone;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.Replayer;

/**
 * Replays counts of first loads from a driver's mapping while the resource tree holds more and more
 * entries: resources compared, and every other count that has an equal in the model.
 *
 * <p>Lines with elapsed times are timings of an emulated CPU; nobody judges them.
 */
public final class ResourceTreeReplay implements Replayer {
  private static final long BASE = 0x1000_0000_0000L;

  /** Where the extra regions lie: 4 KiB each, 8 KiB apart. */
  private static final ImmutableMap<String, Long> PLACES =
      ImmutableMap.of(
          "top_level_below_bar", 0x3d00_0000L,
          "inside_pci_bus_window_below_bar", 0x8000_0000L,
          "top_level_above_bar", 0x80_0000_0000L);

  private static final ImmutableSet<String> FIELDS =
      ImmutableSet.of(
          "placement",
          "extra_regions_requested",
          "extra_regions_got",
          "kind",
          "op",
          "pages",
          "mmap",
          "counts",
          "other_tasks",
          "iomem_nodes_visited",
          "rep",
          "elapsed_ns_for_4096_faults");

  private static final int MOST_REGIONS = 1_000_000;
  private static final int MOST_PAGES = 1 << 18;

  private final MachineConfig config;
  private final Judge judge;

  /** Replays on machines of this make. */
  public ResourceTreeReplay(MachineConfig config, Judge judge) {
    this.config = config;
    this.judge = judge;
  }

  @Override
  public void replay(Line line) {
    line.allow(FIELDS);
    if (line.has("elapsed_ns_for_4096_faults")) {
      return;
    }
    String label = line.text("kind");
    Kind kind = KindCatalog.standard().find(label);
    if (kind == null) {
      judge.cannotJudge("kind " + label);
      return;
    }
    if (!line.text("op").equals("touch_load")) {
      throw line.bad("expected \"op\" touch_load, found \"" + line.text("op") + "\"");
    }
    compare(line, label, kind);
  }

  private void compare(Line line, String label, Kind kind) {
    CountsComparison comparison = new CountsComparison(symbol -> true, judge.tally().functions());
    ObjectNode expected = comparison.expected;
    ObjectNode got = comparison.got;
    Machine machine = new Machine(config);
    useUpScraps(machine.frames());
    expected.put("extra_regions_got", line.integer("extra_regions_got"));
    got.put("extra_regions_got", addRegions(line, machine));
    ObjectUnderTest object = kind.on(machine).open(pages(line));
    Process process = machine.newProcess();
    int prot = MapFlags.PROT_READ | MapFlags.PROT_WRITE;
    int flags = MapFlags.MAP_SHARED | MapFlags.MAP_FIXED_NOREPLACE;
    long at =
        object.errno() != 0
            ? object.errno()
            : machine
                .syscalls()
                .mmap(
                    process, BASE, pages(line) << 12, prot, flags, object.file(), object.offset());
    if (Errno.isError(at)) {
      got.put("mmap", "failed");
      expected.put("mmap", line.text("mmap", "ok"));
    } else {
      count(line, machine, process, comparison);
    }
    String operation =
        "%s kind=%s pages=%d placement=%s extra_regions=%d"
            .formatted(
                line.text("op"),
                label,
                pages(line),
                line.text("placement"),
                line.integer("extra_regions_requested"));
    judge.compare(line, operation, expected, got, ImmutableList::of);
  }

  /**
   * Takes what is free in blocks below the largest order. On a recorded machine the boot had done
   * so, and the driver's pages came out of a large block, all from one place in the tree.
   */
  static void useUpScraps(Frames frames) {
    Buddy buddy = frames.buddy();
    for (Zone zone : Zone.values()) {
      while (hasScraps(buddy, zone)) {
        frames.alloc(0, zone);
      }
    }
  }

  private static boolean hasScraps(Buddy buddy, Zone zone) {
    for (int order = 0; order < Buddy.MAX_ORDER; order++) {
      if (buddy.freeBlocks(zone, order) > 0) {
        return true;
      }
    }
    return false;
  }

  private static void count(
      Line line, Machine machine, Process process, CountsComparison comparison) {
    Meter meter = machine.kernel().meter;
    long[] before = meter.snapshot();
    for (long page = 0; page < pages(line); page++) {
      machine.userAccess().loadWord(process.mm, BASE + (page << 12));
    }
    comparison.put(line, EventCounts.since(meter, before));
  }

  private static long addRegions(Line line, Machine machine) {
    @Nullable Long place = PLACES.get(line.text("placement"));
    if (place == null) {
      throw line.bad(
          "expected \"placement\" to be one of "
              + PLACES.keySet()
              + ", found \""
              + line.text("placement")
              + "\"");
    }
    long wanted = bounded(line, "extra_regions_requested", MOST_REGIONS);
    long got = 0;
    for (long i = 0; i < wanted; i++) {
      long handle = machine.iomem().requestMemRegion(place + i * 8192, 4096, "extra");
      got += Errno.isError(handle) ? 0 : 1;
    }
    return got;
  }

  private static long pages(Line line) {
    return bounded(line, "pages", MOST_PAGES);
  }

  private static long bounded(Line line, String field, long most) {
    long value = line.integer(field);
    if (value < 0 || value > most) {
      throw line.bad("expected \"" + field + "\" from 0 to " + most + ", found " + value);
    }
    return value;
  }

  @Override
  public Judge judge() {
    return judge;
  }
}
