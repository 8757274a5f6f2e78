package org.pfnlab.core.pfnmap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.iomap.SmallMachine.BAR;
import static org.pfnlab.core.iomap.SmallMachine.PRIVATE;
import static org.pfnlab.core.iomap.SmallMachine.SHARED;
import static org.pfnlab.core.iomap.SmallMachine.START;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.iomap.SmallMachine;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pat.CacheMode;

/**
 * What becomes of the reservation of a tracked mapping of 16 BAR pages, step by step:
 *
 * <pre>
 *   uA-B   munmap pages A to B            revoke   unmap_mapping_range, even_cows
 *   sA     split before page A            fork     a child; ENOMEM if it fails
 *   mA-B   mremap pages A to B away       exit     the child exits
 *   cA     a store copies page A          um       munmap what was moved
 *   remap  remap_pfn_range again, over the empty VMA
 * </pre>
 *
 * After each step stands the list of reservations, in pages of the mapping; then the number of
 * "freeing invalid memtype" lines, and of warnings.
 */
final class TrackingLifeTest {
  private SmallMachine m = new SmallMachine("v6.18.2");
  private @Nullable Vma child;
  private @Nullable Vma moved;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // mapping | steps | v5.11, v6.1 | v6.1.192, v6.12 | v6.16, v6.18.2
        "shared  | u0-16             | -                   /0 | = | -",
        "shared  | u8-16 u0-8        | 0-8 -               /0 | = | 0-16 -",
        "shared  | u0-8 u8-16        | 0-16 0-8            /1 | = | 0-16 -",
        "shared  | u4-8 u0-4 u8-16   | 0-16 0-16 0-8       /2 | = | 0-16 0-16 -",
        "shared  | s4 s8 u4-8 u0-4 u8-16"
            + " | 0-16 0-16 0-16 0-16 0-8 /2 | = | 0-16 0-16 0-16 0-16 -",
        "shared  | m0-16 um          | 0-16 -              /0 | = | 0-16 -",
        "shared  | m4-8 um u0-4 u8-16" + " | 0-16 0-16 0-16 0-16 /1 | = | 0-16 0-16 0-16 -",
        "shared  | fork exit u0-16   | 0-16+0-16 0-16 -    /0 | = | 0-16 0-16 -",
        "shared  | fork u0-16 exit   | 0-16+0-16 0-16 -    /0 | = | 0-16 0-16 -",
        "shared  | u8-16 fork exit u0-8 | 0-8 0-8+0-8 0-8 - /0 | = | 0-16 0-16 0-16 -",
        "shared  | revoke u0-16      | - -                 /0 | = | 0-16 -",
        "shared  | revoke fork exit u0-16 | - - - -        /0 | = | 0-16 0-16 0-16 -",
        "shared  | revoke remap u0-16 | - 0-16 -           /0 | = | 0-16 EINVAL -",
        "private | u0-16             | -                   /0 | = | -",
        "private | u4-8 u0-4 u8-16   | 0-16 0-16 0-8       /2 | = | 0-16 0-16 -",
        "private | c0 u0-16          | 0-16 0-16           /0 | 0-16 - /0 | 0-16 -",
        "private | c0 revoke u0-16   | 0-16 0-16 0-16      /0 | 0-16 - - /0 | 0-16 0-16 -",
        "private | c0 u8-16 u0-8     | 0-16 0-8 0-8        /0 | 0-16 0-8 - /0 | 0-16 0-16 -",
        "private | c9 u0-16          | 0-16 -              /0 | = | 0-16 -",
        "private | c0 fork exit u0-16"
            + " | 0-16 0-16 0-16 0-16 /0 | 0-16 ENOMEM 0-16 - /0 | 0-16 0-16 0-16 -",
        "private | c9 fork exit u0-16" + " | 0-16 0-16+0-16 0-16 - /0 | = | 0-16 0-16 0-16 -",
      })
  void reservations(String mapping, String steps, String old, String stable, String now) {
    String fixed = stable.equals("=") ? old : stable;
    assertThat(run("v5.11", mapping, steps)).as("v5.11").isEqualTo(normal(old));
    assertThat(run("v6.1", mapping, steps)).as("v6.1").isEqualTo(normal(old));
    assertThat(run("v6.1.192", mapping, steps)).as("v6.1.192").isEqualTo(normal(fixed));
    if (!fixed.contains("ENOMEM")) {
      assertThat(run("v6.12", mapping, steps)).as("v6.12").isEqualTo(normal(fixed));
    }
    assertThat(run("v6.16", mapping, steps)).as("v6.16").isEqualTo(normal(now + " /0"));
    assertThat(run("v6.18.2", mapping, steps)).as("v6.18.2").isEqualTo(normal(now + " /0"));
  }

  /**
   * CVE-2025-22090, between v6.9 and v6.14: fork fails, and the child, which inherited VM_PAT,
   * frees by vm_pgoff what is its parent's.
   */
  @Test
  void failedForkFreesTheParentsReservation() {
    assertThat(run("v6.12", "private", "c0 fork u0-16")).isEqualTo("0-16 ENOMEM - /1");
    assertThat(run("v6.15", "private", "c0 fork u0-16")).isEqualTo("0-16 ENOMEM - /0");
  }

  /** The reservation goes with the flag, whatever part of the VMA a driver revokes. */
  @Test
  void partialRevocationEndsTracking() {
    m = new SmallMachine("v6.1.192");
    Vma vma = map("shared");
    m.zap.zapVmaPtes(vma, vma.start + (4 << 12), 1 << 12);
    assertThat(list()).isEqualTo("-");
    assertThat(m.pte(vma, 5)).isNotZero();
  }

  /** A first entry that a driver took away without ending tracking: a warning, once, and a leak. */
  @ParameterizedTest
  @CsvSource({
    "v5.11,    shared,  0-16, 1",
    "v6.1.192, shared,  0-16, 1",
    "v5.11,    private, 0-16, 1",
    "v6.1.192, private, -,    0",
    "v6.18.2,  shared,  -,    0",
  })
  void firstEntryGone(String version, String mapping, String left, int warnings) {
    m = new SmallMachine(version);
    Vma vma = map(mapping);
    m.mm.pageTable.clear(vma.start);
    m.unmap(vma);
    assertThat(list()).isEqualTo(left);
    assertThat(m.kernel.log().warnings()).isEqualTo(warnings);
  }

  /** A child whose reservation is refused: before v6.15 it frees what is its parent's. */
  @ParameterizedTest
  @CsvSource({"v5.11, true", "v6.1, true", "v6.1.192, false", "v6.12, true"})
  void failedForkAndTheChildsFlag(String version, boolean childTriesToFree) {
    m = new SmallMachine(version);
    Vma vma = map("shared");
    m.mm.pageTable.clear(vma.start);
    assertThat(m.fork(vma)).isNull();
    long untracks = m.kernel.meter.get(PfnmapTracking.UNTRACK);
    assertThat(untracks).isEqualTo(1);
    assertThat(m.kernel.log().warnings()).isEqualTo(childTriesToFree ? 2 : 1);
    assertThat(list()).isEqualTo("0-16");
  }

  /**
   * Private, COWed first page, v5.11: the copy's frame is RAM, and the log says what fork found.
   */
  @Test
  void forkAfterCopyOfTheFirstPageLogsInV511() {
    m = new SmallMachine("v5.11");
    Vma vma = map("private");
    long copy = m.copyOnWrite(vma, 0);
    assertThat(m.fork(vma)).isNotNull();
    assertThat(m.kernel.log().lines())
        .containsExactly(
            "x86/PAT: oracle map pfn RAM range req write-combining for [mem 0x%08x-0x%08x], got"
                    .formatted(copy << 12, ((copy + 16) << 12) - 1)
                + " write-back");
  }

  @Test
  void freeingInvalidMemtypeNamesTheRange() {
    m = new SmallMachine("v6.1.192");
    run("v6.1.192", "shared", "u0-8 u8-16");
    assertThat(m.kernel.log().lines())
        .containsExactly("x86/PAT: oracle freeing invalid memtype [mem 0xf8000000-0xf8007fff]");
  }

  /** Strict: fork must get the very mode that the parent has. */
  @Test
  void forkInsistsOnTheParentsMode() {
    m = new SmallMachine("v5.11");
    Vma vma = map("shared");
    m.memtypes.free(BAR << 12, (BAR + 16) << 12);
    m.memtypes.restore(BAR << 12, (BAR + 1) << 12, CacheMode.UC_MINUS);
    assertThat(m.fork(vma)).isNull();
    assertThat(m.kernel.log().lines())
        .contains(
            "x86/PAT: oracle map pfn expected mapping type write-combining for [mem"
                + " 0xf8000000-0xf800ffff], got uncached-minus");
    assertThat(list()).isEqualTo("0-1");
  }

  /** Canaries: without the feature that an era brought, its rows no longer hold. */
  @ParameterizedTest
  @CsvSource({
    "v6.1.192, PAT_PFN_FROM_PGOFF, private, c0 u0-16",
    "v6.18.2,  PFNMAP_TRACK_CTX,   shared,  u8-16 fork exit u0-8",
  })
  void canaryFeaturesMatter(String version, String feature, String mapping, String steps) {
    String with = run(version, mapping, steps);
    Feature removed = Objects.requireNonNull(Feature.find(feature));
    m = new SmallMachine(KernelProfile.of(version).without(removed));
    assertThat(run(mapping, steps)).isNotEqualTo(with);
  }

  private static String normal(String expected) {
    return expected.trim().replaceAll("\\s+", " ");
  }

  private String run(String version, String mapping, String steps) {
    m = new SmallMachine(version);
    return run(mapping, steps);
  }

  private String run(String mapping, String steps) {
    Vma vma = map(mapping);
    child = null;
    moved = null;
    List<String> seen = new ArrayList<>();
    for (String step : Splitter.on(' ').split(steps)) {
      boolean failed = !take(step, vma);
      seen.add(failed ? (step.equals("fork") ? "ENOMEM" : "EINVAL") : list());
    }
    long invalid =
        m.kernel.log().lines().stream().filter(line -> line.contains("freeing invalid")).count();
    assertThat(m.kernel.log().warnings()).isZero();
    return String.join(" ", seen) + " /" + invalid;
  }

  private Vma map(String mapping) {
    Vma vma = m.vma(mapping.equals("shared") ? SHARED : PRIVATE, 16);
    assertThat(vma.start).isEqualTo(START);
    assertThat(m.remapWhole(vma, BAR, Pte.PWT)).isZero();
    assertThat(list()).isEqualTo("0-16");
    return vma;
  }

  private boolean take(String step, Vma vma) {
    switch (step) {
      case "revoke" -> m.revoke(vma);
      case "remap" -> {
        return m.remapWhole(vma, BAR, Pte.PWT) == 0;
      }
      case "fork" -> {
        child = m.fork(vma);
        return child != null;
      }
      case "exit" -> {
        if (child != null) {
          m.unmap(child);
        }
      }
      case "um" -> m.unmap(Objects.requireNonNull(moved));
      default -> takeOnPages(step.charAt(0), Splitter.on('-').splitToList(step.substring(1)));
    }
    return true;
  }

  private void takeOnPages(char what, List<String> pages) {
    long from = Long.parseLong(pages.get(0));
    Vma at = Objects.requireNonNull(m.mm.vmas.lookup(START + (from << 12)));
    long first = (at.start - START) >>> 12;
    switch (what) {
      case 's' -> m.split(at, from - first);
      case 'c' -> m.copyOnWrite(at, from - first);
      case 'u' -> m.unmap(at, from - first, Long.parseLong(pages.get(1)) - first);
      case 'm' -> moved = m.move(at, from - first, Long.parseLong(pages.get(1)) - first);
      default -> throw new IllegalArgumentException(what + " " + pages);
    }
  }

  private String list() {
    List<String> nodes = new ArrayList<>();
    for (int i = 0; i < m.memtypes.count(); i++) {
      long from = (m.memtypes.start(i) >>> 12) - BAR;
      nodes.add(from + "-" + ((m.memtypes.end(i) >>> 12) - BAR));
    }
    return nodes.isEmpty() ? "-" : String.join("+", nodes);
  }
}
