package org.pfnlab.core.pfnmap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.iomap.SmallMachine.BAR;
import static org.pfnlab.core.iomap.SmallMachine.HOLE;
import static org.pfnlab.core.iomap.SmallMachine.PRIVATE;
import static org.pfnlab.core.iomap.SmallMachine.SHARED;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.iomap.SmallMachine;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.Memtypes;

/**
 * What each operation on 16 pages costs in PAT: W, walks of the resource tree; nodes, what they
 * visit (24 for a BAR page of this tree, 8 for RAM, 9 for the hole in RAM); L, lookups in the tree
 * of reservations; I and E, insertions into and erasures from it.
 */
final class TrackingCostTest {
  private static final String[] VERSIONS = {"v5.11", "v6.1.192", "v6.18.2"};
  private static final long RAM = 0x10000;

  private SmallMachine m = new SmallMachine("v6.18.2");

  @ParameterizedTest
  @CsvSource({
    // operation,            frames,   5.11, 6.1.192, 6.18: W nodes L I E
    "insert-pfn,              bar,  16 384 16 0 0, =, =",
    "insert-pfn,              ram,  16 128 0 0 0, =, =",
    "insert-pfn,              hole, 16 144 16 0 0, =, =",
    "insert-mixed,            ram,  16 128 0 0 0, =, =",
    "insert-page,             ram,  0 0 0 0 0, =, =",
    "insert-huge,             bar,  1 24 1 0 0, =, =",
    "remap-whole,             bar,  2 48 0 1 0, =, =",
    "remap-whole,             ram,  2 16 0 0 0, =, =",
    "remap-whole,             hole, 3 27 0 1 0, =, =",
    "remap-part,              bar,  15 360 15 0 0, =, =",
    "remap-part,              ram,  15 120 0 0 0, =, =",
    "remap-notrack,           bar,  0 0 0 0 0, =, =",
    "apply,                   bar,  0 0 0 0 0, =, =",
    "refused-cow-piece,       bar,  0 0 0 0 0, 1 24 1 0 0, 1 24 1 0 0",
    "unmap-remap,             bar,  2 48 0 0 1, =, =",
    "unmap-remap,             ram,  1 8 0 0 0, =, =",
    "unmap-remap,             hole, 2 18 0 0 1, =, =",
    "unmap-insert,            bar,  0 0 0 0 0, =, =",
    "revoke-remap,            bar,  2 48 0 0 1, =, 0 0 0 0 0",
    "revoke-insert,           bar,  0 0 0 0 0, =, =",
    "unmap-revoked,           bar,  0 0 0 0 0, =, 2 48 0 0 1",
    "unmap-after-cow,         bar,  1 8 0 0 0, 2 48 0 0 1, 2 48 0 0 1",
    "fork-remap,              bar,  2 48 0 1 0, =, 0 0 0 0 0",
    "fork-remap,              ram,  2 16 0 0 0, =, 0 0 0 0 0",
    "fork-remap,              hole, 3 27 0 1 0, =, 0 0 0 0 0",
    "fork-after-cow,          bar,  2 16 0 0 0, 0 0 0 0 0, 0 0 0 0 0",
    "fork-insert,             bar,  0 0 0 0 0, =, =",
    "move-remap,              bar,  0 0 0 0 0, =, =",
  })
  void perOperation(String operation, String frames, String v511, String v61, String v618) {
    String[] expected = {v511, v61.equals("=") ? v511 : v61, v618.equals("=") ? v511 : v618};
    for (int i = 0; i < VERSIONS.length; i++) {
      m = new SmallMachine(VERSIONS[i]);
      assertThat(cost(operation, frames(frames))).as(VERSIONS[i]).isEqualTo(expected[i]);
    }
  }

  /** Without PAT only the test for RAM is left, once a reservation and once a release. */
  @ParameterizedTest
  @CsvSource({
    "insert-pfn,  0 0 0 0 0",
    "remap-whole, 1 24 0 0 0",
    "remap-part,  0 0 0 0 0",
    "unmap-remap, 1 24 0 0 0",
  })
  void withoutPat(String operation, String expected) {
    for (String version : VERSIONS) {
      m = new SmallMachine(KernelProfile.of(version).without(Arch.X86_PAT));
      assertThat(cost(operation, BAR)).as(version).isEqualTo(expected);
    }
  }

  /** Calls of the functions that ftrace counts, in the names of the concepts. */
  @ParameterizedTest
  @CsvSource({
    // operation, 5.11, 6.1.192, 6.18: setup, remap, copy, untrack, clear, follow, reserve, free
    "insert-pfn,     16 0 0 0 0 0 0 0, =, =",
    "remap-whole,    0 1 0 0 0 0 1 0, =, =",
    "remap-part,     0 1 0 0 0 0 0 0, =, 1 0 0 0 0 0 0 0",
    "unmap-remap,    0 0 0 1 0 1 0 1, =, 0 0 0 1 0 0 0 1",
    "unmap-insert,   0 0 0 1 0 0 0 0, =, 0 0 0 0 0 0 0 0",
    "revoke-remap,   0 0 0 1 0 1 0 1, =, 0 0 0 0 0 0 0 0",
    "unmap-revoked,  0 0 0 1 0 0 0 0, =, 0 0 0 1 0 0 0 1",
    "fork-remap,     0 0 1 0 0 1 1 0, 0 0 1 0 1 1 1 0, 0 0 0 0 0 0 0 0",
    "fork-insert,    0 0 1 0 0 0 0 0, 0 0 1 0 1 0 0 0, 0 0 0 0 0 0 0 0",
    "fork-after-cow, 0 0 1 0 0 1 1 0, 0 0 1 1 1 1 0 0, 0 0 0 0 0 0 0 0",
    "move-remap,     0 0 0 1 1 0 0 0, =, 0 0 0 0 0 0 0 0",
  })
  void calls(String operation, String v511, String v61, String v618) {
    String[] expected = {v511, v61.equals("=") ? v511 : v61, v618.equals("=") ? v511 : v618};
    for (int i = 0; i < VERSIONS.length; i++) {
      m = new SmallMachine(VERSIONS[i]);
      long[] before = run(operation, BAR);
      assertThat(
              since(
                  before,
                  PfnmapTracking.SETUP_CACHEMODE,
                  PfnmapTracking.TRACK_REMAP,
                  PfnmapTracking.TRACK_COPY,
                  PfnmapTracking.UNTRACK,
                  PfnmapTracking.UNTRACK_CLEAR,
                  PfnmapTracking.FOLLOW_PHYS,
                  PfnmapTracking.RESERVE_PFN_RANGE,
                  PfnmapTracking.FREE_PFN_RANGE))
          .as(VERSIONS[i])
          .isEqualTo(expected[i]);
    }
  }

  /** A part of a mapping whose frames have different modes is refused, once that is seen. */
  @Test
  void remapOfFramesOfDifferentModes() {
    for (String version : VERSIONS) {
      m = new SmallMachine(version);
      m.remapWhole(m.vma(SHARED, 4), BAR, Pte.PWT);
      Vma vma = m.vma(SHARED, 16);
      long[] before = m.kernel.meter.snapshot();
      assertThat(m.remap.remapPfnRange(vma, vma.start, BAR, 15 << 12, vma.pageProt)).isEqualTo(-22);
      assertThat(m.kernel.meter.since(before, Memtypes.TREE_LOOKUP)).isEqualTo(5);
      assertThat(m.remap.remapPfnRange(vma, vma.start, BAR, 4 << 12, vma.pageProt)).isZero();
      assertThat(m.pte(vma, 3) & Pte.CACHE_MASK).isEqualTo(Pte.PWT);
    }
  }

  /** What is wanted, what is there, what the mapping gets: never a refusal over one reservation. */
  @ParameterizedTest
  @CsvSource({
    "WC, UC-, UC-",
    "UC-, WC, WC",
    "WB, WC, WC",
    "WB, -, UC-",
    "WC, WC, WC",
    "UC, WC, WC"
  })
  void secondMappingAdoptsTheFirst(String wanted, String first, String obtained) {
    for (String version : VERSIONS) {
      m = new SmallMachine(version);
      if (!first.equals("-")) {
        m.remapWhole(m.vma(SHARED, 16), BAR, bits(first));
      }
      Vma vma = m.vma(SHARED, 16);
      assertThat(m.remapWhole(vma, BAR, bits(wanted))).isZero();
      assertThat(m.pte(vma, 0) & Pte.CACHE_MASK).as(version).isEqualTo(bits(obtained));
    }
  }

  /** RAM decides itself: the wish is overridden with a line in the log. */
  @Test
  void ramKeepsItsMode() {
    for (String version : VERSIONS) {
      m = new SmallMachine(version);
      Vma vma = m.vma(SHARED, 4);
      assertThat(m.remapWhole(vma, RAM, Pte.PWT)).isZero();
      assertThat(m.pte(vma, 0) & Pte.CACHE_MASK).isZero();
      assertThat(m.kernel.log().lines())
          .containsExactly(
              "x86/PAT: oracle map pfn RAM range req write-combining for [mem"
                  + " 0x10000000-0x10003fff], got write-back");
      m.memtypes.reserve(RAM << 12, (RAM + 4) << 12, CacheMode.WC, true);
      Vma again = m.vma(SHARED, 4);
      assertThat(m.remapWhole(again, RAM, 0)).isZero();
      assertThat(m.pte(again, 0) & Pte.CACHE_MASK).isEqualTo(Pte.PWT);
    }
  }

  /** Canary: a walk that is forgotten, or made twice, shows in the table. */
  @Test
  void canaryOneWalkMoreIsNoticed() {
    m = new SmallMachine("v6.1.192");
    long[] before = run("remap-whole", BAR);
    m.memtypes.rangeIsRam(BAR << 12, (BAR + 1) << 12);
    assertThat(since(before, ResourceTree.WALK_SYSTEM_RAM_RANGE)).isNotEqualTo("2");
  }

  private static long bits(String mode) {
    return switch (mode) {
      case "WC" -> Pte.PWT;
      case "UC-" -> Pte.PCD;
      case "UC" -> Pte.PCD | Pte.PWT;
      default -> 0;
    };
  }

  private static long frames(String name) {
    return switch (name) {
      case "bar" -> BAR;
      case "ram" -> RAM;
      default -> HOLE;
    };
  }

  private String cost(String operation, long first) {
    long[] before = run(operation, first);
    return since(
        before,
        ResourceTree.WALK_SYSTEM_RAM_RANGE,
        ResourceTree.NODE_VISITED,
        Memtypes.TREE_LOOKUP,
        Memtypes.TREE_INSERT,
        Memtypes.TREE_ERASE);
  }

  private String since(long[] before, Event... events) {
    StringBuilder text = new StringBuilder();
    for (Event event : events) {
      text.append(text.isEmpty() ? "" : " ").append(m.kernel.meter.since(before, event));
    }
    return text.toString();
  }

  /** Prepares, remembers the counts, and does the operation. */
  private long[] run(String operation, long first) {
    String done = operation;
    Vma vma = m.vma(operation.contains("cow") ? PRIVATE : SHARED, 16);
    if (done.endsWith("-remap") || done.endsWith("-after-cow") || done.equals("unmap-revoked")) {
      m.remapWhole(vma, first, first == BAR ? Pte.PWT : first == HOLE ? Pte.PCD : 0);
    }
    if (done.endsWith("-after-cow")) {
      m.copyOnWrite(vma, 0);
      done = done.replace("-after-cow", "-remap");
    } else if (done.equals("unmap-revoked")) {
      m.revoke(vma);
      done = "unmap-remap";
    } else if (done.endsWith("-insert")) {
      insert("insert-pfn", vma, first);
    }
    long[] before = m.kernel.meter.snapshot();
    switch (done) {
      case "remap-whole" -> m.remapWhole(vma, first, first == BAR ? Pte.PWT : 0);
      case "remap-part" -> m.remap.remapPfnRange(vma, vma.start, first, 15 << 12, vma.pageProt);
      case "refused-cow-piece" ->
          m.remap.remapPfnRange(vma, vma.start, first, 1 << 12, vma.pageProt);
      case "remap-notrack" ->
          m.remap.remapPfnRangeNotrack(vma, vma.start, first, 16 << 12, vma.pageProt);
      case "apply" -> m.apply.mapSpecial(vma, vma.start, first, 16 << 12, vma.pageProt);
      case "unmap-remap", "unmap-insert" -> m.unmap(vma);
      case "revoke-remap", "revoke-insert" -> m.revoke(vma);
      case "fork-remap", "fork-insert" -> m.fork(vma);
      case "move-remap" -> m.move(vma, 0, 16);
      default -> insert(done, vma, first);
    }
    return before;
  }

  private void insert(String what, Vma vma, long first) {
    switch (what) {
      case "insert-huge" -> {
        vma.flags |= VmFlags.VM_PFNMAP;
        m.inserter.vmfInsertPfnHuge(new VmFault().begin(vma, vma.start, 0), first, 2, false);
      }
      case "insert-mixed" -> vma.flags |= VmFlags.VM_MIXEDMAP;
      case "insert-page" -> m.mm.writeLock();
      default -> vma.flags |= VmFlags.VM_PFNMAP;
    }
    for (int i = 0; i < 16 && !what.equals("insert-huge"); i++) {
      long address = vma.start + ((long) i << 12);
      switch (what) {
        case "insert-mixed" -> m.inserter.vmfInsertMixed(vma, address, first + i);
        case "insert-page" -> m.inserter.vmInsertPage(vma, address, m.frames.alloc());
        default -> m.inserter.vmfInsertPfn(vma, address, first + i);
      }
    }
  }
}
