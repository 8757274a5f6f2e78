package org.pfnlab.core.pfnmap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.iomap.SmallMachine.BAR;
import static org.pfnlab.core.iomap.SmallMachine.PRIVATE;
import static org.pfnlab.core.iomap.SmallMachine.SHARED;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.iomap.SmallMachine;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;

/**
 * Random lives of tracked mappings. Since v6.16 the list of reservations is, after every step, one
 * for each mapping of which any piece, child or moved part is left; before, that holds as long as
 * VMAs are only forked, moved, revoked and unmapped as a whole, one reservation for each.
 */
final class TrackingRandomTest {
  private static final int PAGES = 16;

  private final List<Vma> live = new ArrayList<>();
  private final Map<Vma, Long> origin = new HashMap<>();
  private final Set<Vma> revoked = new HashSet<>();
  private SmallMachine m = new SmallMachine("v6.18.2");

  @ParameterizedTest
  @ValueSource(strings = {"v6.16", "v6.18.2"})
  void contextsLiveAsLongAsTheirLastPiece(String version) {
    for (long seed = 1; seed <= 60; seed++) {
      boot(version);
      Random random = new Random(seed);
      for (int step = 0; step < 80; step++) {
        takeAnyStep(random);
        assertThat(reservations())
            .as("%s seed %d step %d", version, seed, step)
            .isEqualTo(Set.copyOf(origin.values()).stream().sorted().toList());
      }
      unmapAll();
      assertThat(reservations()).as("%s seed %d", version, seed).isEmpty();
      assertThat(m.kernel.log().lines()).as("%s seed %d", version, seed).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1", "v6.1.192", "v6.12", "v6.15"})
  void wholeMappingsNeverLeak(String version) {
    for (long seed = 1; seed <= 60; seed++) {
      boot(version);
      Random random = new Random(seed);
      for (int step = 0; step < 80; step++) {
        takeWholeStep(random);
        assertThat(reservations())
            .as("%s seed %d step %d", version, seed, step)
            .isEqualTo(
                live.stream()
                    .filter(vma -> !revoked.contains(vma))
                    .map(origin::get)
                    .sorted()
                    .toList());
      }
      unmapAll();
      assertThat(reservations()).as("%s seed %d", version, seed).isEmpty();
      assertThat(m.kernel.log().lines()).as("%s seed %d", version, seed).isEmpty();
    }
  }

  /** Canary: with pieces, older kernels do leak, so the first test would notice them. */
  @Test
  void canaryPiecesLeakBeforeContexts() {
    int leaking = 0;
    for (long seed = 1; seed <= 60; seed++) {
      boot("v6.1.192");
      Random random = new Random(seed);
      for (int step = 0; step < 80; step++) {
        takeAnyStep(random);
      }
      unmapAll();
      leaking += reservations().isEmpty() ? 0 : 1;
    }
    assertThat(leaking).isPositive();
  }

  private void boot(String version) {
    m = new SmallMachine(version);
    live.clear();
    origin.clear();
    revoked.clear();
  }

  private List<Long> reservations() {
    List<Long> firsts = new ArrayList<>();
    for (int i = 0; i < m.memtypes.count(); i++) {
      firsts.add(m.memtypes.start(i) >>> 12);
    }
    return firsts.stream().sorted().toList();
  }

  private void map(Random random) {
    long first = BAR + (long) PAGES * random.nextInt(500);
    if (origin.containsValue(first)) {
      return;
    }
    Vma vma = m.vma(random.nextBoolean() ? SHARED : PRIVATE, PAGES);
    assertThat(m.remapWhole(vma, first, Pte.PWT)).isZero();
    born(vma, first);
  }

  private void born(Vma vma, long first) {
    live.add(vma);
    origin.put(vma, first);
  }

  private void gone(Vma vma) {
    live.remove(vma);
    origin.remove(vma);
  }

  private void takeWholeStep(Random random) {
    if (live.isEmpty() || random.nextInt(4) == 0) {
      map(random);
      return;
    }
    Vma vma = live.get(random.nextInt(live.size()));
    long first = origin.get(vma);
    switch (random.nextInt(4)) {
      case 0 -> {
        m.unmap(vma);
        gone(vma);
      }
      case 1 -> {
        m.revoke(vma);
        revoked.add(vma);
      }
      case 2 -> {
        Vma child = m.fork(vma);
        if (child != null) {
          born(child, first);
        }
        if (child != null && revoked.contains(vma)) {
          revoked.add(child);
        }
      }
      default -> {
        Vma moved = m.move(vma, 0, vma.pages());
        gone(vma);
        born(moved, first);
        if (revoked.contains(vma)) {
          revoked.add(moved);
        }
      }
    }
  }

  private void takeAnyStep(Random random) {
    if (live.isEmpty() || random.nextInt(3) > 0) {
      takeWholeStep(random);
      return;
    }
    Vma vma = live.get(random.nextInt(live.size()));
    long first = origin.get(vma);
    long pages = vma.pages();
    long from = random.nextInt((int) pages);
    long to = from + 1 + random.nextInt((int) (pages - from));
    switch (random.nextInt(4)) {
      case 0 -> {
        if (from > 0) {
          born(m.split(vma, from), first);
        }
      }
      case 1 -> {
        if (vma.isCowMapping() && m.pte(vma, from) != 0 && Pte.special(m.pte(vma, from))) {
          m.copyOnWrite(vma, from);
        }
      }
      default -> {
        gone(vma);
        for (Vma piece : m.unmap(vma, from, to)) {
          born(piece, first);
        }
      }
    }
  }

  private void unmapAll() {
    for (Vma vma : List.copyOf(live)) {
      m.unmap(vma);
      gone(vma);
    }
  }
}
