package org.pfnlab.core.pat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.meter.Event;

/** Reservations of what is not RAM, lookups of both, and the test that tells them apart. */
final class MemtypesTest {
  private final PatMachine machine = new PatMachine("v6.1.192");

  private static CacheMode mode(String name) {
    return name.equals("UC-") ? CacheMode.UC_MINUS : CacheMode.valueOf(name);
  }

  /** Puts reservations like {@code 0-16:WC 8-24:UC-} into the list, in this order. */
  private static void restore(PatMachine machine, String list) {
    for (String entry : list.isEmpty() ? new String[0] : list.split(" ", -1)) {
      String[] parts = entry.split("[-:]", 3);
      machine.memtypes.restore(
          PatMachine.BAR + (Long.parseLong(parts[0]) << 12),
          PatMachine.BAR + (Long.parseLong(parts[1]) << 12),
          mode(parts[2]));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // present          | pages | want | must be that | another is accepted
        "''                 | 0-16  | WC   | WC           | WC",
        "''                 | 0-16  | UC-  | UC-          | UC-",
        "''                 | 0-16  | UC   | UC           | UC",
        "''                 | 0-16  | WT   | WT           | WT",
        "''                 | 0-16  | WB   | UC-          | UC-", // the MTRRs say UC
        "0-16:WC            | 0-16  | WC   | WC           | WC",
        "0-16:WC            | 0-16  | UC-  | EBUSY        | WC", // adopted
        "0-16:WC            | 8-24  | UC-  | EBUSY        | WC",
        "0-16:WC            | 16-24 | UC-  | UC-          | UC-", // not overlapping
        "0-16:UC-           | 4-8   | WC   | EBUSY        | UC-",
        "0-16:UC-           | 0-32  | WB   | UC-          | UC-",
        "0-16:WC            | 0-32  | WB   | EBUSY        | WC",
        "0-8:WC 8-16:UC-    | 0-16  | WC   | EBUSY        | EBUSY", // they disagree
        "0-8:WC 8-16:UC-    | 0-16  | UC-  | EBUSY        | EBUSY",
        "0-8:WC 8-16:UC-    | 8-16  | WC   | EBUSY        | UC-",
        "0-8:WC 8-16:WC     | 4-12  | UC-  | EBUSY        | WC",
        "0-32:UC- 0-8:WC    | 16-24 | WC   | EBUSY        | UC-", // only the first reaches here
        "0-32:UC- 0-8:UC-   | 0-4   | WT   | EBUSY        | UC-",
      })
  void conflicts(String present, String pages, String want, String strict, String relaxed) {
    String[] ends = pages.strip().split("-", 2);
    for (boolean accept : new boolean[] {false, true}) {
      PatMachine machine = new PatMachine("v6.1");
      restore(machine, present);
      String before = machine.list();
      long granted =
          machine.reserve(Long.parseLong(ends[0]), Long.parseLong(ends[1]), mode(want), accept);
      String expected = accept ? relaxed : strict;
      if (expected.equals("EBUSY")) {
        assertThat(granted).isEqualTo(-Errno.EBUSY);
        assertThat(machine.list()).isEqualTo(before);
        assertThat(machine.kernel.log().lines()).hasSize(2);
      } else {
        assertThat(granted).isEqualTo(mode(expected).value());
        assertThat(machine.list()).contains(pages + ":" + expected);
        assertThat(machine.kernel.log().lines()).isEmpty();
      }
    }
  }

  @Test
  void theFirstOverlapIsTheLowestStartAndThenTheOldest() {
    restore(machine, "4-8:WT 0-8:WC 0-16:UC- 0-4:WB");
    assertThat(machine.list()).isEqualTo("0-8:WC 0-16:UC- 0-4:WB 4-8:WT");
    assertThat(machine.memtypes.lookup(PatMachine.BAR)).isEqualTo(CacheMode.WC);
    assertThat(machine.memtypes.lookup(PatMachine.BAR + (5 << 12))).isEqualTo(CacheMode.WC);
    assertThat(machine.memtypes.lookup(PatMachine.BAR + (9 << 12))).isEqualTo(CacheMode.UC_MINUS);
  }

  @ParameterizedTest
  @CsvSource({
    "UC-, WB", "WC, WB", "WT, WB", "WT, WC",
  })
  void modesThatMayNotReplaceTheWish(String want, String got) {
    assertThat(machine.memtypes.isNewMemtypeAllowed(0x1000, 0x2000, mode(want), mode(got)))
        .isFalse();
    assertThat(machine.memtypes.isNewMemtypeAllowed(0xa0000, 0xb0000, mode(want), mode(got)))
        .as("the ISA hole is always allowed")
        .isTrue();
  }

  @Test
  void allOtherModesMay() {
    int refused = 0;
    for (CacheMode want : CacheMode.values()) {
      for (CacheMode got : CacheMode.values()) {
        refused += machine.memtypes.isNewMemtypeAllowed(0, 4096, want, got) ? 0 : 1;
      }
    }
    assertThat(refused).isEqualTo(4);
  }

  /** The recorded pairs: the list after each of two mappings and each munmap. */
  @ParameterizedTest
  @CsvFileSource(resources = "pairs.csv")
  void pairsOfMappingsLeaveTheRecordedLists(
      String wholeWc,
      CacheMode first,
      String firstPages,
      CacheMode second,
      String secondPages,
      String afterFirst,
      String afterSecond,
      String afterMunmapFirst,
      String afterMunmapSecond) {
    String[] a = firstPages.split("-", 2);
    String[] b = secondPages.split("-", 2);
    String whole = wholeWc.equals("1") ? "0-16384:WC" : "";
    for (String version : new String[] {"v5.11", "v6.1.192", "v6.18.2"}) {
      PatMachine machine = new PatMachine(version);
      restore(machine, whole);
      machine.reserve(Long.parseLong(a[0]), Long.parseLong(a[1]), first, true);
      assertThat(list(machine, whole)).isEqualTo(words(afterFirst));
      machine.reserve(Long.parseLong(b[0]), Long.parseLong(b[1]), second, true);
      assertThat(list(machine, whole)).isEqualTo(words(afterSecond));
      assertThat(machine.free(Long.parseLong(a[0]), Long.parseLong(a[1]))).isZero();
      assertThat(list(machine, whole)).isEqualTo(words(afterMunmapFirst));
      assertThat(machine.free(Long.parseLong(b[0]), Long.parseLong(b[1]))).isZero();
      assertThat(list(machine, whole)).isEqualTo(words(afterMunmapSecond));
    }
  }

  private static String list(PatMachine machine, String without) {
    return machine.list().replace(without, "").strip();
  }

  private static String words(String list) {
    return list == null ? "" : list;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // frees, in order  | until v6.15      | messages | since v6.16 | messages
        "0-16               | ''               | 0        | ''          | 0",
        "8-16 0-8           | ''               | 0        | 0-16:WC     | 2",
        "0-8 8-16           | 0-8:WC           | 1        | 0-16:WC     | 2", // the head leaks
        "4-8 0-4 8-16       | 0-8:WC           | 2        | 0-16:WC     | 3", // a hole, then the
        // rest
        "4-8                | 0-16:WC          | 1        | 0-16:WC     | 1",
        "0-32               | 0-16:WC          | 1        | 0-16:WC     | 1",
        "15-16              | 0-15:WC          | 0        | 0-16:WC     | 1",
        "16-32              | 0-16:WC          | 1        | 0-16:WC     | 1",
      })
  void freeing(String frees, String before, int messages, String since, int messagesSince) {
    for (String version : new String[] {"v5.11", "v6.1", "v6.1.192", "v6.15", "v6.16", "v6.18.2"}) {
      PatMachine machine = new PatMachine(version);
      boolean exact = machine.kernel.has(Memtypes.MEMTYPE_ERASE_EXACT);
      assertThat(exact).isEqualTo(version.compareTo("v6.15") > 0);
      restore(machine, "0-16:WC");
      int failed = 0;
      for (String range : frees.strip().split(" ", -1)) {
        String[] ends = range.split("-", 2);
        long result = machine.free(Long.parseLong(ends[0]), Long.parseLong(ends[1]));
        assertThat(result).isIn(0L, (long) -Errno.EINVAL);
        failed += result == 0 ? 0 : 1;
      }
      assertThat(machine.list()).as(version).isEqualTo(exact ? since : before);
      assertThat(machine.kernel.log().lines()).hasSize(failed);
      assertThat(failed).as(version).isEqualTo(exact ? messagesSince : messages);
    }
  }

  @Test
  void anExactMatchGoesBeforeAShrink() {
    restore(machine, "0-16:UC- 8-16:UC- 8-16:WC");
    machine.free(8, 16);
    assertThat(machine.list()).as("the older of two equals").isEqualTo("0-16:UC- 8-16:WC");
    machine.free(8, 16);
    machine.free(8, 16);
    assertThat(machine.list()).isEqualTo("0-8:UC-");
  }

  @Test
  void aShrunkReservationCountsAsNewAmongItsEquals() {
    restore(machine, "0-16:WC 0-4:UC-");
    machine.free(8, 16);
    assertThat(machine.list()).isEqualTo("0-4:UC- 0-8:WC");
    assertThat(machine.memtypes.lookup(PatMachine.BAR)).isEqualTo(CacheMode.UC_MINUS);
  }

  @Test
  void whatTheLogSays() {
    restore(machine, "0-16:WC 16-32:UC-");
    assertThat(machine.writeCombining.ioReserve(PatMachine.BAR, PatMachine.BAR_SIZE))
        .isEqualTo(-Errno.EBUSY);
    assertThat(machine.free(9, 10)).isEqualTo(-Errno.EINVAL);
    assertThat(machine.kernel.log().lines())
        .containsExactly(
            "x86/PAT: oracle conflicting memory types f8000000-fc000000"
                + " write-combining<->uncached-minus",
            "x86/PAT: memtype_reserve failed [mem 0xf8000000-0xfbffffff], track write-combining,"
                + " req write-combining",
            "x86/PAT: oracle freeing invalid memtype [mem 0xf8009000-0xf8009fff]");
  }

  @Test
  void theOrderOfChecks() {
    Memtypes memtypes = machine.memtypes;
    assertThat(memtypes.reserve(PatMachine.BAR, PatMachine.BAR, CacheMode.WC, true))
        .isEqualTo(-Errno.EINVAL);
    assertThat(machine.kernel.log().warnings()).isEqualTo(1);
    assertThat(memtypes.reserve(0xa0000, 0x100000, CacheMode.UC, true))
        .as("the ISA hole is untracked")
        .isEqualTo(CacheMode.WB.value());
    assertThat(memtypes.free(0xa0000, 0xa1000)).isZero();
    assertThat(memtypes.count()).isZero();
    assertThat(memtypes.reserve(0x9f000, 0x100000, CacheMode.UC, true))
        .as("not fully inside it")
        .isEqualTo(CacheMode.UC.value());
    assertThat(
            memtypes.reserve(PatMachine.RAM_HOLE, PatMachine.RAM_HOLE + 4096, CacheMode.WB, true))
        .as("the MTRRs say WB there")
        .isEqualTo(CacheMode.WB.value());
    long decoy = 0xff00_0000_0000_0000L;
    assertThat(
            memtypes.reserve(
                PatMachine.BAR | decoy, PatMachine.BAR + 4096 | decoy, CacheMode.WC, true))
        .as("bits above the physical ones are ignored")
        .isEqualTo(CacheMode.WC.value());
    assertThat(machine.list()).endsWith("0-1:WC");
    assertThat(memtypes.free(PatMachine.BAR | decoy, PatMachine.BAR + 4096 | decoy)).isZero();
    assertThat(memtypes.reserve(PatMachine.RAM_HOLE, 0x3e00_1000L, CacheMode.WC, true))
        .as("a hole, then RAM")
        .isEqualTo(-Errno.EINVAL);
    assertThat(memtypes.free(PatMachine.RAM_HOLE, 0x3e00_1000L)).isEqualTo(-Errno.EINVAL);
  }

  @Test
  void withoutPatNothingIsTracked() {
    PatMachine off = new PatMachine(KernelProfile.of("v6.1").without(Arch.X86_PAT));
    assertThat(off.memtypes.enabled()).isFalse();
    for (CacheMode want : CacheMode.values()) {
      assertThat(off.reserve(0, 16, want, true)).isEqualTo(want.value());
    }
    assertThat(off.free(3, 4)).isZero();
    assertThat(off.memtypes.count()).isZero();
    assertThat(off.count(ResourceTree.NODE_VISITED)).isZero();
    assertThat(off.count(Memtypes.LOCK)).isZero();
    assertThat(off.reserve(0, 0, CacheMode.WC, true)).isEqualTo(-Errno.EINVAL);
  }

  @ParameterizedTest
  @CsvSource({
    // range,                 is RAM
    "10000000, 10001000,       1",
    "00100000, 3c000000,       1",
    "f8000000, f8001000,       0",
    "3c000000, 3e000000,       0",
    "3c000000, 3e001000,      -1", // a hole, then RAM
    "3bfff000, 3c001000,       1", // RAM, then a hole: not noticed
    "3bfff000, 3e001000,      -1", // RAM, a hole, RAM
    "00000000, 00100000,       0", // the first MiB is never RAM
    "00001000, 00002000,       0",
    "00100000, 00101000,       1",
    "000ff000, 00101000,      -1", // it counts as a hole
    "10000123, 10000456,       1", // whole pages are meant
    "3ffd9000, 3ffdb000,       1",
    "40000000, 180000000,      0",
  })
  void whichRangesAreRam(String start, String end, int ram) {
    assertThat(machine.memtypes.rangeIsRam(Long.parseLong(start, 16), Long.parseLong(end, 16)))
        .isEqualTo(ram);
  }

  /** One lookup, as the recorded kernels count it. */
  @ParameterizedTest
  @CsvSource({
    "v5.11,    f8000000, 24, 1",
    "v6.1.192, f8000000, 24, 1",
    "v6.18.2,  f8000000, 24, 1",
    "v5.11,    10000000,  8, 0",
    "v6.1.192, 10000000,  8, 0",
    "v6.18.2,  10000000,  8, 0",
    "v6.1,     f8000000, 29, 1", // not recorded: the whole tree in pre-order
    "v6.1,     10000000,  9, 0",
  })
  void whatOneLookupCosts(String version, String address, int nodes, int treeLookups) {
    PatMachine machine = new PatMachine(version);
    machine.memtypes.lookup(Long.parseLong(address, 16));
    assertThat(machine.count(Memtypes.LOOKUP)).isEqualTo(1);
    assertThat(machine.count(Memtypes.RANGE_IS_RAM)).isEqualTo(1);
    assertThat(machine.count(ResourceTree.WALK_SYSTEM_RAM_RANGE)).isEqualTo(1);
    assertThat(machine.count(ResourceTree.FIND_NEXT)).isEqualTo(1);
    assertThat(machine.count(ResourceTree.RESOURCE_LOCK)).isEqualTo(1);
    assertThat(machine.count(ResourceTree.NODE_VISITED)).isEqualTo(nodes);
    assertThat(machine.count(Memtypes.TREE_LOOKUP)).isEqualTo(treeLookups);
    assertThat(machine.count(Memtypes.LOCK)).isEqualTo(treeLookups);
    assertThat(machine.count(RamMemtypes.PAGE_READ)).isEqualTo(1 - treeLookups);
  }

  /**
   * What reserve_pfn_range and free_pfn_range of a whole BAR mapping count: a RAM test of their
   * own, then the reservation with its. Recorded with 48 nodes each.
   */
  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2"})
  void whatReservingAndFreeingCost(String version) {
    PatMachine machine = new PatMachine(version);
    long end = PatMachine.BAR + (16 << 12);
    for (int round = 1; round <= 2; round++) {
      machine.memtypes.rangeIsRam(PatMachine.BAR, end);
      if (round == 1) {
        machine.memtypes.reserve(PatMachine.BAR, end, CacheMode.WC, true);
        machine.memtypes.kernelMapSync(PatMachine.BAR, end - PatMachine.BAR, CacheMode.WC);
      } else {
        machine.memtypes.free(PatMachine.BAR, end);
      }
      for (Event event :
          new Event[] {
            Memtypes.RANGE_IS_RAM, ResourceTree.WALK_SYSTEM_RAM_RANGE, ResourceTree.FIND_NEXT
          }) {
        assertThat(machine.count(event)).as(event.name()).isEqualTo(2L * round);
      }
      assertThat(machine.count(ResourceTree.NODE_VISITED)).isEqualTo(48L * round);
      assertThat(machine.count(Memtypes.LOCK)).isEqualTo(round);
    }
    for (Event event :
        new Event[] {
          Memtypes.RESERVE,
          Memtypes.TREE_INSERT,
          Memtypes.KERNEL_MAP_SYNC,
          Memtypes.FREE,
          Memtypes.TREE_ERASE
        }) {
      assertThat(machine.count(event)).as(event.name()).isEqualTo(1);
    }
    assertThat(machine.memtypes.count()).isZero();
  }

  /**
   * Below the top of the direct map the sync asks whether the page is RAM; recorded: 27 = 3 x 9.
   */
  @Test
  void theSyncWalksBelowTheTopOfTheDirectMap() {
    long end = PatMachine.RAM_HOLE + (16 << 12);
    machine.memtypes.rangeIsRam(PatMachine.RAM_HOLE, end);
    machine.memtypes.reserve(PatMachine.RAM_HOLE, end, CacheMode.WB, true);
    machine.memtypes.kernelMapSync(PatMachine.RAM_HOLE, 16 << 12, CacheMode.WB);
    assertThat(machine.count(ResourceTree.WALK_SYSTEM_RAM_RANGE)).isEqualTo(3);
    assertThat(machine.count(Memtypes.RANGE_IS_RAM)).isEqualTo(2);
    assertThat(machine.count(ResourceTree.NODE_VISITED)).isEqualTo(27);
  }

  @Test
  void theListReadsAsDebugfsPrintsIt() throws java.io.IOException {
    String recorded;
    try (var in = MemtypesTest.class.getResourceAsStream("pat_memtype_list.txt")) {
      recorded = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    for (String line : recorded.split("\n", -1)) {
      if (line.startsWith("PAT: [mem 0x")) {
        String mode = line.substring(line.indexOf("] ") + 2);
        for (CacheMode candidate : CacheMode.values()) {
          if (candidate.kernelName().equals(mode)) {
            machine.memtypes.restore(
                Long.parseLong(line.substring(12, 28), 16),
                Long.parseLong(line.substring(31, 47), 16),
                candidate);
          }
        }
      }
    }
    assertThat(machine.memtypes.count()).isEqualTo(19);
    assertThat(machine.memtypes.listText()).isEqualTo(recorded);
    machine.memtypes.reset();
    assertThat(machine.memtypes.listText()).isEqualTo("PAT memtype list:\n");
  }

  @Test
  void anUnreservedBarIsUncached() {
    assertThat(machine.memtypes.lookup(PatMachine.BAR + 123)).isEqualTo(CacheMode.UC_MINUS);
    assertThat(machine.writeCombining.ioReserve(PatMachine.BAR, PatMachine.BAR_SIZE)).isZero();
    assertThat(machine.memtypes.lookup(PatMachine.BAR + 123)).isEqualTo(CacheMode.WC);
    assertThat(machine.memtypes.lookup(0xa0000)).isEqualTo(CacheMode.WB);
  }

  @Test
  void aBrokenTreeIsNoticed() {
    restore(machine, "0-8:WC 4-16:WC 20-24:WC");
    machine.memtypes.checkInvariants();
    machine.memtypes.restore(PatMachine.BAR, PatMachine.BAR, CacheMode.WC);
    assertThatThrownBy(machine.memtypes::checkInvariants)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is empty");
  }
}
