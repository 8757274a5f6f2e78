package org.pfnlab.lab.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.iomem.IomemFile;
import org.pfnlab.lab.iomem.MachineTree;
import org.pfnlab.lab.spec.KernelSpec;

/** Every way of filling costs what it costs in the kernel: walks, lookups, locks, faults. */
final class StrategiesTest {
  private static final IomemFile LAPTOP = MachineTree.laptop();

  private static CostRun run(String kernel, long pages) {
    Kernel k = new Kernel(KernelSpec.parse(kernel).profile());
    BarChoice choice = Objects.requireNonNull(BarChoice.in(LAPTOP, LAPTOP.parse(k), 0));
    return new CostRun(choice.tree(), choice.bar(), pages);
  }

  private static CostResult result(String kernel, String strategy, long pages) {
    return run(kernel, pages).run(Strategies.named(strategy), KernelSpec.parse(kernel));
  }

  /** N = 1000 pages, not a multiple of a table or of TTM's window of 16. */
  @ParameterizedTest(name = "{0} on {1}")
  @CsvSource({
    // strategy, kernel, RAM tests, BAR lookups, reservations, PTE locks, faults, nodes a test
    "per-pfn, v5.11, 1000, 1000, 0, 1000, 1000, 20",
    "per-pfn, v6.1, 1000, 1000, 0, 1000, 1000, 32",
    "per-pfn, v6.1.192, 1000, 1000, 0, 1000, 1000, 20",
    "per-pfn, v6.18.2, 1000, 1000, 0, 1000, 1000, 20",
    "prefault, v6.1.192, 1000, 1000, 0, 1000, 1, 20",
    "prefault-16, v6.1.192, 1000, 1000, 0, 1000, 63, 20",
    "prefault-64, v6.1.192, 1000, 1000, 0, 1000, 16, 20",
    "batch-64, v6.1.192, 16, 16, 0, 16, 16, 20",
    "vma-memtype, v6.1.192, 1, 1, 0, 1000, 1000, 20",
    "walk-full, v5.11, 1000, 1000, 0, 1000, 1, 32",
    "walk-skip, v6.1, 1000, 1000, 0, 1000, 1, 20",
    "ram-index, v6.1, 1000, 1000, 0, 1000, 1, 0",
    "ttm-ram-index, v6.18.2, 1000, 0, 0, 1000, 63, 0",
    "io-mapping, v5.11, 0, 0, 0, 2, 1, 0",
    "io-mapping, v6.18.2, 0, 0, 0, 2, 1, 0",
    "remap, v5.11, 2, 0, 1, 2, 0, 20",
    "remap, v6.18.2, 2, 0, 1, 2, 0, 20",
    "ttm-prefault, v6.1, 1000, 0, 0, 1000, 63, 23",
    "ttm-prefault, v6.1.192, 1000, 0, 0, 1000, 63, 14",
    "ttm-pat-ram, v6.18.2, 0, 0, 0, 1000, 63, 0",
    "ttm-pfn-ram, v6.18.2, 0, 0, 0, 1000, 63, 0",
    "ttm-pages, v6.18.2, 0, 0, 0, 1000, 63, 0",
    "ttm-bulk, v6.18.2, 0, 0, 0, 63, 63, 0",
    "ceiling, v6.18.2, 1000, 1000, 0, 1000, 1000, 32",
    "ttm-ceiling, v6.18.2, 1000, 0, 0, 1000, 63, 23",
  })
  void counts(
      String strategy,
      String kernel,
      long ramTests,
      long treeLookups,
      long reservations,
      long tableLocks,
      long faults,
      long nodes) {
    CostResult result = result(kernel, strategy, 1000);
    assertThat(result.pages()).isEqualTo(1000);
    assertThat(result.ramTests()).as("RAM tests").isEqualTo(ramTests);
    assertThat(result.counts().get(Memtypes.TREE_LOOKUP)).as("lookups").isEqualTo(treeLookups);
    assertThat(result.reservations()).as("reservations").isEqualTo(reservations);
    assertThat(result.counts().get(PageTable.PTE_LOCK)).as("PTE locks").isEqualTo(tableLocks);
    assertThat(result.faults()).as("faults").isEqualTo(faults);
    assertThat(result.ptes()).as("PTEs").isEqualTo(1000);
    assertThat(result.nodes()).as("nodes").isEqualTo(nodes * ramTests);
  }

  @Test
  void lastNodeShortensAllWalksAlike() {
    CostResult skip = result("v6.18.2", "walk-skip", 1000);
    CostResult last = result("v6.18.2", "last-node", 1000);
    assertThat(last.ramTests()).isEqualTo(1000);
    assertThat(last.nodes()).isLessThan(skip.nodes());
    assertThat(last.nodes() % last.ramTests()).isZero();
  }

  @Test
  void indexIsSearchedInLogarithmicTime() {
    CostResult index = result("v6.18.2", "ram-index", 1000);
    assertThat(index.counts().get(ResourceTree.INDEX_STEP)).isBetween(1000L, 5000L);
  }

  @Test
  void hugePfnsTakeOneLookupForTwoMebibytes() {
    CostResult result = result("v6.18.2", "huge-pfn", 4096);
    assertThat(result.ramTests()).isEqualTo(8);
    assertThat(result.ptes()).isEqualTo(8);
    assertThat(result.faults()).isEqualTo(8);
  }

  @Test
  void whatAKernelLacksIsNotRun() {
    CostRun run = run("v6.1", 16);
    KernelSpec old = KernelSpec.parse("v6.1");
    assertThat(run.obstacle(Strategies.named("huge-pfn"), old)).isEqualTo("not in this kernel");
    CostRun withoutBar = new CostRun(LAPTOP, null, 16);
    assertThat(withoutBar.obstacle(Strategies.named("per-pfn"), old)).contains("no BAR");
    assertThat(withoutBar.obstacle(Strategies.named("ttm-bulk"), old)).isNull();
  }

  @Test
  void reservationOfTheBarIsPaidAtLoad() {
    CostResult result = result("v6.18.2", "io-mapping", 1000);
    assertThat(result.atLoad().get(Memtypes.RESERVE)).isEqualTo(1);
    assertThat(result.counts().get(Memtypes.RESERVE)).isZero();
  }

  @Test
  void runsCountTheSameAfterAReset() {
    CostRun run = run("v6.18.2", 600);
    KernelSpec kernel = KernelSpec.parse("v6.18.2");
    ImmutableList<CostResult> first = run.runAll(Strategies.all(), List.of(kernel));
    for (CostResult result : first.reverse()) {
      assertThat(run.run(result.strategy(), kernel).counts())
          .as(result.strategy().name())
          .isEqualTo(result.counts());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1", "v6.18.2", "v6.19"})
  void contendersStandBetweenFloorAndCeiling(String kernel) {
    CostModel model = CostModel.standard();
    ImmutableList<CostResult> results =
        run(kernel, 4096).runAll(Strategies.all(), List.of(KernelSpec.parse(kernel)));
    for (Strategy.Memory memory : Strategy.Memory.values()) {
      List<CostResult> those =
          results.stream().filter(r -> r.strategy().memory() == memory).toList();
      double ceiling = those.get(those.size() - 1).perPage(model).typical();
      assertThat(those.get(0).strategy().bound()).isEqualTo(Strategy.Bound.FLOOR);
      for (CostResult result : those) {
        assertThat(result.perPage(model).typical()).isLessThanOrEqualTo(ceiling);
        if (!result.strategy().name().equals("huge-pfn")) {
          assertThat(result.perPage(model).typical())
              .isGreaterThanOrEqualTo(those.get(0).perPage(model).typical());
        }
      }
    }
  }

  private static CostResult touched(String strategy, AccessPattern pattern) {
    KernelSpec kernel = KernelSpec.parse("v6.18.2");
    BarChoice choice =
        Objects.requireNonNull(BarChoice.in(LAPTOP, LAPTOP.parse(new Kernel(kernel.profile())), 0));
    return new CostRun(choice.tree(), choice.bar(), 1000, pattern)
        .run(Strategies.named(strategy), kernel);
  }

  /** Faults of a program that touches 1000 pages. */
  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "per-pfn, RANDOM, 1000, 1000",
    "per-pfn, ONCE, 1, 1",
    "per-pfn, REFAULT, 1000, 1000",
    "prefault, RANDOM, 1, 1000",
    "prefault, ONCE, 1, 1000",
    "prefault, REFAULT, 1, 1000",
    "ttm-prefault, ONCE, 1, 16",
    "ttm-prefault, REFAULT, 63, 1000",
    "ttm-bulk, REFAULT, 63, 1000",
    "io-mapping, REFAULT, 1, 1000",
  })
  void patterns(String strategy, AccessPattern pattern, long faults, long entries) {
    CostResult result = touched(strategy, pattern);
    assertThat(result.faults()).isEqualTo(faults);
    assertThat(result.ptes()).isEqualTo(entries);
    assertThat(result.pages()).isEqualTo(pattern == AccessPattern.ONCE ? 1 : 1000);
  }

  @Test
  void randomOrderFaultsMoreThanWindows() {
    assertThat(touched("ttm-prefault", AccessPattern.RANDOM).faults()).isGreaterThan(63);
  }

  @Test
  void whatIsFilledAtMmapDoesNotComeBack() {
    CostRun run = new CostRun(LAPTOP, null, 16, AccessPattern.REFAULT);
    assertThat(run.obstacle(Strategies.named("ttm-bulk"), KernelSpec.parse("v6.18.2"))).isNull();
    Strategy remap = Strategies.named("remap");
    assertThat(remap.faults()).isFalse();
    assertThat(Strategies.all().stream().filter(s -> !s.faults()))
        .extracting(Strategy::name)
        .containsExactly("floor", "remap");
  }

  @Test
  void namesAreSuggested() {
    assertThatThrownBy(() -> Strategies.named("perpfn"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("did you mean 'per-pfn'?");
    assertThat(Strategies.withBounds(List.of("all"))).isEqualTo(Strategies.all());
    assertThat(Strategies.withBounds(List.of("remap")))
        .extracting(Strategy::name)
        .containsExactly("floor", "remap", "ceiling");
  }
}
