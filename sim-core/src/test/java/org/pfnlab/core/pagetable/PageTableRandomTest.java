package org.pfnlab.core.pagetable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/** Seeded programs on a page table and on its naive twin; both must agree after every step. */
final class PageTableRandomTest {
  /** Places that make tables of every level be shared, full, and alone. */
  private static final long[] REGIONS = {
    0, 0x20_0000L, 0x3fe0_0000L, 0x4000_0000L, 0x7f_c000_0000L, 0x80_0000_0000L, 0x7fff_ffc0_0000L
  };

  private final Kernel kernel = new Kernel(KernelProfile.of("v6.18.2"));
  private final TablePool pool = new TablePool();
  private final PteCursor cursor = new PteCursor();

  private final class Run {
    final SplittableRandom random;
    final PageTable real = new PageTable(kernel, pool);
    final NaivePageTable naive = new NaivePageTable();
    final List<String> story = new ArrayList<>();

    Run(long seed) {
      random = new SplittableRandom(seed);
    }

    void step() {
      switch (random.nextInt(10)) {
        case 0, 1, 2 -> set();
        case 3 -> setHuge();
        case 4 -> clear();
        case 5 -> split();
        case 6 -> free();
        case 7 -> move();
        case 8 -> fill();
        default -> walk();
      }
    }

    long page() {
      long region = REGIONS[random.nextInt(REGIONS.length)];
      return region + random.nextLong(random.nextBoolean() ? 4 : 1024) * 4096;
    }

    long pte() {
      long prot = random.nextBoolean() ? Pte.PAGE_SHARED : Pte.PAGE_NONE;
      long pfn = random.nextLong(1L << 22) << 18;
      return Pte.of(pfn, prot | (random.nextLong() & (Pte.SPECIAL | Pte.CACHE_MASK)));
    }

    void set() {
      long addr = page();
      long pte = pte();
      if (naive.underHuge(addr)) {
        assertThatThrownBy(() -> real.set(addr, pte)).hasMessageContaining("splitHuge");
        return;
      }
      tell("set", addr);
      real.set(addr, pte);
      naive.set(addr, 1, pte);
    }

    void setHuge() {
      int level = 2 + random.nextInt(2);
      long addr = page() & -PageTable.span(level);
      long pte = pte();
      long leaf = Pte.ofHuge(Pte.pfn(pte), pte & ~Pte.PFN_MASK, level);
      if (naive.fits(addr, level)) {
        tell("huge", addr, level);
        real.setHuge(addr, level, leaf);
        naive.set(addr, level, leaf);
      } else {
        assertThatThrownBy(() -> real.setHuge(addr, level, leaf))
            .isInstanceOf(IllegalStateException.class);
      }
    }

    void clear() {
      long addr = page();
      tell("clear", addr);
      real.clear(addr);
      naive.clear(addr);
    }

    void split() {
      long addr = page();
      tell("split", addr);
      real.splitHuge(addr);
      naive.split(addr);
    }

    /** A VMA goes: its entries, then its tables, as far as its neighbours may reach. */
    void free() {
      long start = page();
      long length = random.nextLong(1, 1L << random.nextInt(1, 19)) * 4096;
      long end = Math.min(start + length, 1L << 47);
      clearRange(start, end);
      long floor = between(naive.endBelow(start), start);
      long above = naive.startAbove(end);
      boolean last = above == Long.MAX_VALUE;
      long ceiling = last && random.nextBoolean() ? 0 : between(end, last ? 1L << 47 : above);
      tell("free", start, end, floor, ceiling);
      real.freeTables(start, end, floor, ceiling);
      naive.freeTables(start, end, floor, ceiling);
    }

    long between(long low, long high) {
      return switch (random.nextInt(3)) {
        case 0 -> low;
        case 1 -> high;
        default -> low + random.nextLong((high - low) / 4096 + 1) * 4096;
      };
    }

    void clearRange(long start, long end) {
      tell("clear range", start, end);
      for (long edge : new long[] {start, end}) {
        while (real.levelAt(edge) > 1 && (edge & (PageTable.span(real.levelAt(edge)) - 1)) != 0) {
          real.splitHuge(edge);
        }
      }
      cursor.reset(real, start, end);
      while (cursor.next()) {
        cursor.clear();
      }
      naive.clearRange(start, end);
    }

    void move() {
      long from = page();
      long to = page();
      long length = random.nextLong(1, 1L << random.nextInt(1, 11)) * 4096;
      if (random.nextBoolean()) {
        from &= -PageTable.PMD_SIZE;
        to &= -PageTable.PMD_SIZE;
      }
      if (Math.abs(from - to) < length) {
        return;
      }
      clearRange(to, to + length);
      tell("move", from, to, length);
      real.moveEntries(from, to, length);
      naive.move(from, to, length);
      adoptTables();
    }

    /**
     * Which tables a move links is its own choice; that they are consistent is checked each step.
     */
    void adoptTables() {
      naive.tables.forEach(set -> set.clear());
      collect(real.root(), 0);
    }

    void collect(PageTable.Table table, long base) {
      for (int i = 0; table.children != null && i < 512; i++) {
        PageTable.Table child = table.children[i];
        if (child != null) {
          long at = base + i * PageTable.span(table.level);
          naive.tables.get(child.level()).add(at);
          collect(child, at);
        }
      }
    }

    void fill() {
      long addr = page();
      if (naive.underHuge(addr)) {
        return;
      }
      int from = PageTable.index(addr);
      int to = from + random.nextInt(512 - from) + 1;
      long pte = pte();
      tell("fill", addr, to - from);
      int used = real.leafAlloc(addr).fillEmpty(from, to, pte, 1);
      int naiveUsed = -1;
      naive.set(addr, 1, real.get(addr));
      for (int i = from; i < to && naiveUsed < 0; i++) {
        long at = addr + (i - from) * 4096L;
        if (i > from && naive.leaves.containsKey(at)) {
          naiveUsed = i;
        } else if (i > from || used != from) {
          naive.set(at, 1, Pte.of(Pte.pfn(pte) + i - from, pte & ~Pte.PFN_MASK));
        } else {
          naiveUsed = i;
        }
      }
      assertThat(used).isEqualTo(naiveUsed);
    }

    void walk() {
      long start = page();
      long end = start + random.nextLong(1, 1L << random.nextInt(1, 35)) * 4096;
      List<String> naiveWalk = new ArrayList<>();
      var covering = naive.covering(start);
      long first = covering == null ? start : covering.getKey();
      naive.leaves.subMap(first, end).forEach((addr, leaf) -> naiveWalk.add(show(addr, leaf)));
      List<String> byEntry = new ArrayList<>();
      cursor.reset(real, start, end);
      while (cursor.next()) {
        byEntry.add(show(cursor.addr(), new NaivePageTable.Leaf(cursor.level(), cursor.value())));
      }
      List<String> byTable = new ArrayList<>();
      cursor.reset(real, start, end);
      while (cursor.nextPresentTable()) {
        for (int i = cursor.from(); i < cursor.to(); i++) {
          long addr = cursor.base() + (i - cursor.from()) * PageTable.span(cursor.level());
          if (cursor.entries()[i] != 0) {
            byTable.add(show(addr, new NaivePageTable.Leaf(cursor.level(), cursor.entries()[i])));
          }
        }
      }
      assertThat(byEntry).isEqualTo(naiveWalk);
      assertThat(byTable).isEqualTo(naiveWalk);
    }

    String show(long addr, NaivePageTable.Leaf leaf) {
      return String.format("%x/%d=%x", addr, leaf.level(), leaf.pte());
    }

    void tell(String what, long... values) {
      StringBuilder line = new StringBuilder(what);
      for (long value : values) {
        line.append(' ').append(Long.toHexString(value));
      }
      story.add(line.toString());
    }

    void compare() {
      for (int level = 1; level <= 3; level++) {
        assertThat(real.tables(level))
            .as("tables of level " + level)
            .isEqualTo(naive.tables.get(level).size());
      }
      assertThat(real.tables()).isEqualTo(naive.tables.stream().mapToInt(set -> set.size()).sum());
      cursor.reset(real, 0, 1L << 47);
      naive.leaves.forEach(
          (addr, leaf) -> {
            boolean same =
                cursor.next()
                    && cursor.addr() == addr
                    && cursor.level() == leaf.level()
                    && cursor.value() == leaf.pte();
            assertThat(same).as(show(addr, leaf)).isTrue();
          });
      assertThat(cursor.next()).isFalse();
      for (int i = 0; i < 4; i++) {
        long addr = page();
        var leaf = naive.covering(addr);
        assertThat(real.get(addr)).isEqualTo(leaf == null ? 0 : leaf.getValue().pte());
        assertThat(real.levelAt(addr)).isEqualTo(leaf == null ? 0 : leaf.getValue().level());
        assertThat(real.leaf(addr) != null)
            .isEqualTo(naive.tables.get(1).contains(addr & -PageTable.PMD_SIZE));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void aProgramLeavesWhatTheNaiveTableSays(long seed) {
    Run run = new Run(seed);
    for (int step = 0; step < 300; step++) {
      try {
        run.step();
        run.compare();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + " step " + step + "\n" + tail(run.story), e);
      }
    }
    checkSnapshot(run);
    run.real.reset();
    assertThat(run.real.tables()).isZero();
    run.naive.leaves.clear();
    run.naive.tables.forEach(set -> set.clear());
    run.compare();
  }

  private static String tail(List<String> story) {
    return String.join("\n", story.subList(Math.max(0, story.size() - 12), story.size()));
  }

  private void checkSnapshot(Run run) {
    PageTableSnapshot before = run.real.snapshot();
    run.clearRange(0, 1L << 46);
    run.real.restore(before);
    PageTable other = new PageTable(kernel, pool);
    other.restore(before);
    cursor.reset(other, 0, 1L << 47);
    PteCursor again = new PteCursor();
    again.reset(run.real, 0, 1L << 47);
    boolean more;
    do {
      more = again.next();
      assertThat(cursor.next()).isEqualTo(more);
      if (more) {
        assertThat(cursor.addr()).isEqualTo(again.addr());
        assertThat(cursor.value()).isEqualTo(again.value());
      }
    } while (more);
    assertThat(other.tables()).isEqualTo(run.real.tables());
    other.reset();
  }

  @Test
  void tablesFromThePoolComeOutEmpty() {
    for (long seed = 100; seed < 110; seed++) {
      Run run = new Run(seed);
      for (int step = 0; step < 60; step++) {
        run.step();
      }
      run.real.reset();
      PageTable fresh = new PageTable(kernel, pool);
      for (long region : REGIONS) {
        assertThat(fresh.leafAlloc(region).firstUsed(0, 512)).as("seed " + seed).isEqualTo(512);
      }
      cursor.reset(fresh, 0, 1L << 47);
      assertThat(cursor.next()).isFalse();
      fresh.reset();
    }
  }

  /** The comparison must see one lost, one changed and one additional entry, and a lost table. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void theComparisonSeesABrokenTable(int damage) {
    Run run = new Run(7);
    run.real.set(0x1000, Pte.of(5, Pte.PAGE_SHARED));
    run.naive.set(0x1000, 1, Pte.of(5, Pte.PAGE_SHARED));
    run.compare();
    switch (damage) {
      case 0 -> run.real.clear(0x1000);
      case 1 -> run.real.set(0x1000, Pte.of(6, Pte.PAGE_SHARED));
      case 2 -> run.real.set(0x7fff_0000_0000L, Pte.of(6, Pte.PAGE_SHARED));
      default -> run.real.leafAlloc(0x4000_0000L);
    }
    assertThatThrownBy(run::compare).isInstanceOf(AssertionError.class);
  }
}
