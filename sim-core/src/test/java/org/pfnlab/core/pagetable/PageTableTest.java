package org.pfnlab.core.pagetable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

final class PageTableTest {
  private static final long PTE = Pte.of(0xf8000, Pte.PAGE_SHARED | Pte.SPECIAL | Pte.PWT);

  private final Kernel kernel = new Kernel(KernelProfile.of("v6.18.2"));
  private final PageTable tables = new PageTable(kernel, new TablePool());

  @Test
  void theFirstEntryLinksThreeTablesAndTheNextNone() {
    tables.set(0x7f12_3456_7000L, PTE);
    assertThat(tables.tables()).isEqualTo(3);
    tables.set(0x7f12_3456_8000L, PTE + Pte.advance(PTE, 1));
    assertThat(tables.tables()).isEqualTo(3);
    assertThat(kernel.meter.get(PageTable.TABLE_ALLOCATED)).isEqualTo(3);
    assertThat(kernel.meter.get(PageTable.PTE_SET)).isEqualTo(2);
    assertThat(tables.get(0x7f12_3456_8123L)).isEqualTo(Pte.of(0xf8001, PTE & ~Pte.PFN_MASK));
    assertThat(tables.clear(0x7f12_3456_8000L)).isNotZero();
    assertThat(tables.tables()).isEqualTo(3);
  }

  /**
   * Two VMAs in one 2M region, a third in the next: {@code [A..B....|C...]}.
   *
   * <p>What is freed when one of them goes depends on its neighbours alone.
   */
  @ParameterizedTest
  @CsvSource({
    // gone from, to,     floor,  ceiling, pte tables, pmd tables left
    "000000, 001000, 000000, 003000, 2, 1",
    "003000, 004000, 001000, 200000, 2, 1",
    "200000, 204000, 004000, 0,      1, 1",
    "000000, 004000, 000000, 200000, 1, 1",
    "000000, 204000, 000000, 0,      0, 0",
    "000000, 204000, 000000, 204000, 1, 1",
  })
  void freeTablesLooksAtTheNeighbours(
      String start, String end, String floor, String ceiling, int pteTables, int pmdTables) {
    long base = 0x40_0000_0000L;
    for (long offset : new long[] {0, 0x3000, 0x20_0000}) {
      tables.set(base + offset, PTE);
    }
    long from = base + Long.parseLong(start, 16);
    long to = base + Long.parseLong(end, 16);
    for (long addr = from; addr < to; addr += 4096) {
      tables.clear(addr);
    }
    long above = Long.parseLong(ceiling, 16);
    tables.freeTables(from, to, base + Long.parseLong(floor, 16), above == 0 ? 0 : base + above);
    assertThat(tables.tables(1)).isEqualTo(pteTables);
    assertThat(tables.tables(2)).isEqualTo(pmdTables);
  }

  @Test
  void freeTablesRefusesTablesThatStillHoldEntries() {
    tables.set(0x1000, PTE);
    assertThatThrownBy(() -> tables.freeTables(0x1000, 0x2000, 0, 0))
        .hasMessageContaining("still holds entries");
  }

  @Test
  void splittingGoesDownOneLevelAtATime() {
    long leaf = Pte.ofHuge(0x80000, Pte.PAGE_SHARED | Pte.SPECIAL | Pte.PAT, 3);
    tables.setHuge(0x4000_0000L, 3, leaf);
    assertThat(tables.levelAt(0x7fff_ffffL)).isEqualTo(3);
    assertThat(tables.leaf(0x4000_0000L)).isNull();
    assertThat(tables.splitHuge(0x4020_3000L)).isEqualTo(3);
    assertThat(tables.levelAt(0x4020_3000L)).isEqualTo(2);
    assertThat(tables.splitHuge(0x4020_3000L)).isEqualTo(2);
    assertThat(tables.splitHuge(0x4020_3000L)).isZero();
    assertThat(Pte.describe(tables.get(0x4020_3000L)))
        .isEqualTo("pfn 0x80203 RW special young WB(4)");
    assertThat(tables.get(0x4000_0000L))
        .isEqualTo(Pte.ofHuge(0x80000, Pte.PAGE_SHARED | Pte.SPECIAL | Pte.PAT, 2));
    assertThat(kernel.meter.get(PageTable.LEAF_SPLIT)).isEqualTo(2);
  }

  @Test
  void aWalkOverATebibyteMeetsOnlyWhatIsThere() {
    tables.set(0x1000, PTE);
    tables.setHuge(0x40_0000_0000L, 3, Pte.ofHuge(0x40000, Pte.PAGE_SHARED, 3));
    tables.set(0x80_0000_0000L, PTE);
    PteCursor cursor = new PteCursor();
    cursor.reset(tables, 0x2000, 1L << 40);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.addr()).isEqualTo(0x40_0000_0000L);
    assertThat(cursor.level()).isEqualTo(3);
    assertThat(cursor.next()).isTrue();
    assertThat(cursor.addr()).isEqualTo(0x80_0000_0000L);
    cursor.set(0);
    assertThat(cursor.next()).isFalse();
    assertThat(tables.get(0x80_0000_0000L)).isZero();
  }

  @Test
  void movingAnAlignedTableMovesItsLink() {
    tables.set(0x20_0000L, PTE);
    tables.set(0x3f_f000L, PTE);
    assertThat(tables.moveEntries(0x20_0000L, 0x4000_0000L, 0x20_0000L)).isZero();
    assertThat(kernel.meter.get(PageTable.TABLE_MOVED)).isEqualTo(1);
    assertThat(tables.get(0x401f_f000L)).isEqualTo(PTE);
    assertThat(tables.leaf(0x20_0000L)).isNull();
    assertThat(tables.moveEntries(0x4000_0000L, 0x8000_1000L, 0x20_0000L)).isEqualTo(2);
    assertThat(tables.get(0x8020_0000L)).isEqualTo(PTE);
  }

  @Test
  void fillStopsAtTheFirstUsedEntry() {
    PageTable.Table leaf = tables.leafAlloc(0);
    leaf.entries[300] = PTE;
    assertThat(leaf.fillEmpty(0, 300, PTE, 1)).isEqualTo(-1);
    assertThat(leaf.fillEmpty(301, 512, PTE, 1)).isEqualTo(-1);
    assertThat(Pte.pfn(leaf.entries[299])).isEqualTo(0xf8000 + 299);
    leaf.entries[299] = 0;
    assertThat(leaf.fillEmpty(299, 400, PTE, 0)).isEqualTo(300);
    assertThat(leaf.entries[299]).isEqualTo(PTE);
    assertThat(Pte.pfn(leaf.entries[301])).isEqualTo(0xf8000);
  }
}
