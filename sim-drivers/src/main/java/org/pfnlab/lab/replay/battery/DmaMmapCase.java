package org.pfnlab.lab.replay.battery;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import org.pfnlab.drivers.toydma.DmaApi;
import org.pfnlab.drivers.toydma.FlagsAround;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.verdict.NotModelled;

/**
 * What one line of the {@code dma_mmap} recordings asks.
 *
 * @param test what is done with the buffer
 * @param api which functions allocate and map it
 * @param translated whether the device sits behind an IOMMU
 * @param bufferPages length of the buffer
 * @param offset first page of it that is mapped
 * @param mapping how it is mapped; meaningless for {@link Test#BUFFER}
 * @param around what the driver does to the VMA's flags
 */
record DmaMmapCase(
    Test test,
    DmaApi api,
    boolean translated,
    int bufferPages,
    int offset,
    BatteryCase mapping,
    FlagsAround around) {
  /** Fields that are inputs. */
  static final ImmutableSet<String> INPUTS =
      ImmutableSet.of(
          "kernel",
          "kind",
          "test",
          "buffer_pages",
          "map",
          "prot",
          "offset_page",
          "pages",
          "vm_flags_policy");

  private static final String DIRECT = "_direct";
  private static final String IOMMU = "_iommu";
  private static final int MOST_PAGES = 1 << 14;
  private static final String OUTLIVES = "pin_outlives_buffer";

  private static final ImmutableMap<String, FlagsAround> AROUND =
      ImmutableMap.of(
          "none", FlagsAround.NONE,
          "required_PFNMAP_after_mmap_or_EINVAL", FlagsAround.REQUIRE_PFNMAP_AFTER,
          "PFNMAP_ored_in_after_mmap", FlagsAround.OR_PFNMAP_AFTER,
          "MIXEDMAP_set_before_mmap", FlagsAround.SET_MIXEDMAP_BEFORE,
          "PFNMAP_set_before_mmap", FlagsAround.SET_PFNMAP_BEFORE);

  /** What is done. */
  enum Test {
    /** The buffer is looked at. */
    BUFFER,
    /** Part of it is mapped. */
    MMAP,
    /** All of it is mapped by a driver that meddles with the flags. */
    VM_FLAGS,
    /** A page of it is pinned while it is freed. */
    PIN_OUTLIVES_BUFFER
  }

  /** Whether a line is one of these. */
  static boolean isOne(Line line) {
    String test = line.text("test", "");
    return test.equals("buffer") || test.equals("mmap") || test.equals("vm_flags");
  }

  /**
   * Reads the inputs of a line.
   *
   * @throws NotModelled for a kind or treatment of flags that is unknown
   */
  static DmaMmapCase of(Line line) {
    String kind = line.text("kind");
    boolean translated = kind.endsWith(IOMMU);
    DmaApi api =
        translated || kind.endsWith(DIRECT)
            ? DmaApi.find(kind.substring(0, kind.lastIndexOf('_')))
            : null;
    if (api == null) {
      throw new NotModelled("kind " + kind);
    }
    return switch (line.text("test")) {
      case "buffer" ->
          new DmaMmapCase(
              Test.BUFFER,
              api,
              translated,
              pages(line, "buffer_pages"),
              0,
              new BatteryCase(true, true, 1, BatteryCase.Before.NONE, "buffer"),
              FlagsAround.NONE);
      case "mmap" ->
          new DmaMmapCase(
              Test.MMAP,
              api,
              translated,
              pages(line, "buffer_pages"),
              (int) Math.min(Math.max(line.integer("offset_page"), 0), MOST_PAGES),
              BatteryCase.mapping(line, "mmap"),
              FlagsAround.NONE);
      case "vm_flags" -> vmFlags(line, api, translated);
      default -> throw line.bad("expected buffer, mmap or vm_flags in \"test\"");
    };
  }

  private static DmaMmapCase vmFlags(Line line, DmaApi api, boolean translated) {
    BatteryCase mapping = BatteryCase.mapping(line, "vm_flags");
    String how = line.text("vm_flags_policy");
    if (how.equals(OUTLIVES)) {
      return new DmaMmapCase(
          Test.PIN_OUTLIVES_BUFFER, api, translated, mapping.pages(), 0, mapping, FlagsAround.NONE);
    }
    FlagsAround around = AROUND.get(how);
    if (around == null) {
      throw new NotModelled("vm_flags_policy " + how);
    }
    return new DmaMmapCase(Test.VM_FLAGS, api, translated, mapping.pages(), 0, mapping, around);
  }

  private static int pages(Line line, String field) {
    long pages = line.integer(field);
    if (pages < 1 || pages > MOST_PAGES) {
      throw line.bad("expected \"" + field + "\" from 1 to " + MOST_PAGES + ", found " + pages);
    }
    return (int) pages;
  }

  /** The case in one line, as a mismatch names it. */
  String describe(String kind) {
    return test
        + " of "
        + bufferPages
        + " pages, offset "
        + offset
        + ", "
        + around
        + ", "
        + mapping.describe(kind);
  }
}
