package org.pfnlab.core.mm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.TablePool;

/** One behaviour, two implementations: the flat tree and a naive list. */
class VmaTreeTest {
  private static final Mm MM = mm();

  private static Mm mm() {
    Kernel kernel = new Kernel(KernelProfile.of("v6.18"));
    return new Mm(kernel.meter, new PageTable(kernel, new TablePool()));
  }

  /** What both implementations can do. */
  interface Tree {
    void insert(Vma vma);

    void remove(Vma vma);

    @Nullable Vma find(long address);

    @Nullable Vma lookup(long address);

    @Nullable Vma intersection(long start, long end);

    @Nullable Vma previous(long address);

    @Nullable Vma next(Vma vma);

    void resize(Vma vma, long start, long end);

    long highestHole(long top, long length, long floor);

    int indexFrom(long address);

    List<Vma> all();
  }

  static final class Real implements Tree {
    private final VmaTree tree = new VmaTree();

    @Override
    public void insert(Vma vma) {
      tree.insert(vma);
    }

    @Override
    public void remove(Vma vma) {
      tree.remove(vma);
    }

    @Override
    public @Nullable Vma find(long address) {
      return tree.find(address);
    }

    @Override
    public @Nullable Vma lookup(long address) {
      return tree.lookup(address);
    }

    @Override
    public @Nullable Vma intersection(long start, long end) {
      return tree.intersection(start, end);
    }

    @Override
    public @Nullable Vma previous(long address) {
      return tree.previous(address);
    }

    @Override
    public @Nullable Vma next(Vma vma) {
      return tree.next(vma);
    }

    @Override
    public void resize(Vma vma, long start, long end) {
      tree.resize(vma, start, end);
    }

    @Override
    public long highestHole(long top, long length, long floor) {
      return tree.highestHole(top, length, floor);
    }

    @Override
    public int indexFrom(long address) {
      return tree.indexFrom(address);
    }

    @Override
    public List<Vma> all() {
      tree.checkInvariants();
      List<Vma> all = new ArrayList<>();
      for (int i = 0; i < tree.size(); i++) {
        all.add(tree.get(i));
      }
      return all;
    }
  }

  /**
   * A list that is searched from end to end; with a slip, the canary that the comparison must
   * catch.
   */
  static final class Naive implements Tree {
    private final List<Vma> vmas = new ArrayList<>();
    private final boolean slip;

    Naive(boolean slip) {
      this.slip = slip;
    }

    @Override
    public void insert(Vma vma) {
      if (vma.start >= vma.end || intersection(vma.start, vma.end) != null) {
        throw new IllegalStateException("overlap");
      }
      vmas.add(vma);
      vmas.sort(Comparator.comparingLong(each -> each.start));
    }

    @Override
    public void remove(Vma vma) {
      if (!vmas.remove(vma)) {
        throw new IllegalStateException("not here");
      }
    }

    @Override
    public @Nullable Vma find(long address) {
      return vmas.stream()
          .filter(vma -> slip ? vma.end >= address : vma.end > address)
          .findFirst()
          .orElse(null);
    }

    @Override
    public @Nullable Vma lookup(long address) {
      return vmas.stream().filter(vma -> vma.contains(address)).findFirst().orElse(null);
    }

    @Override
    public @Nullable Vma intersection(long start, long end) {
      return vmas.stream()
          .filter(vma -> vma.start < end && vma.end > start)
          .findFirst()
          .orElse(null);
    }

    @Override
    public @Nullable Vma previous(long address) {
      return vmas.stream()
          .filter(vma -> vma.end <= address)
          .reduce((first, second) -> second)
          .orElse(null);
    }

    @Override
    public @Nullable Vma next(Vma vma) {
      int i = vmas.indexOf(vma);
      return i + 1 < vmas.size() ? vmas.get(i + 1) : null;
    }

    @Override
    public void resize(Vma vma, long start, long end) {
      int i = vmas.indexOf(vma);
      if (i < 0
          || start >= end
          || (i > 0 && vmas.get(i - 1).end > start)
          || (i + 1 < vmas.size() && vmas.get(i + 1).start < end)) {
        throw new IllegalStateException("not here, empty or over a neighbour");
      }
    }

    @Override
    public long highestHole(long top, long length, long floor) {
      // the hole in front of each VMA, and the one behind all
      for (int i = vmas.size(); i >= 0; i--) {
        long end = i < vmas.size() ? Math.min(vmas.get(i).start, top) : top;
        long begin = Math.max(i > 0 ? vmas.get(i - 1).end : 0, floor);
        if (end - begin >= length) {
          return end;
        }
      }
      return -1;
    }

    @Override
    public int indexFrom(long address) {
      return (int) vmas.stream().filter(vma -> vma.end <= address).count();
    }

    @Override
    public List<Vma> all() {
      return List.copyOf(vmas);
    }
  }

  static Stream<Tree> trees() {
    return Stream.of(new Real(), new Naive(false));
  }

  private static Vma vma(long page, long pages) {
    return new Vma(MM, page << 12, (page + pages) << 12, page, VmFlags.VM_READ);
  }

  @ParameterizedTest
  @MethodSource("trees")
  void findAnswersTheFirstVmaThatEndsBehindTheAddress(Tree tree) {
    Vma low = vma(10, 5);
    Vma high = vma(20, 1);
    tree.insert(high);
    tree.insert(low);
    assertThat(tree.all()).containsExactly(low, high);
    assertThat(tree.find(0)).isSameAs(low);
    assertThat(tree.find(14L << 12)).isSameAs(low);
    assertThat(tree.find(15L << 12)).isSameAs(high);
    assertThat(tree.find(21L << 12)).isNull();
    assertThat(tree.lookup(15L << 12)).isNull();
    assertThat(tree.lookup((21L << 12) - 1)).isSameAs(high);
    assertThat(tree.intersection(15L << 12, 20L << 12)).isNull();
    assertThat(tree.intersection(15L << 12, (20L << 12) + 1)).isSameAs(high);
    assertThat(tree.previous(20L << 12)).isSameAs(low);
    assertThat(tree.previous(10L << 12)).isNull();
    assertThat(tree.next(low)).isSameAs(high);
    assertThat(tree.next(high)).isNull();
  }

  @ParameterizedTest
  @MethodSource("trees")
  void overlapsAndStrangersAreRefused(Tree tree) {
    tree.insert(vma(10, 5));
    assertThatThrownBy(() -> tree.insert(vma(14, 2))).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> tree.insert(vma(8, 3))).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> tree.insert(vma(30, 0))).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> tree.remove(vma(10, 5))).isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @MethodSource("trees")
  void aVmaGrowsAndShrinksBetweenItsNeighbours(Tree tree) {
    Vma low = vma(10, 5);
    Vma high = vma(20, 1);
    tree.insert(high);
    tree.insert(low);
    resize(tree, low, 12L << 12, 20L << 12);
    assertThat(tree.find(11L << 12)).isSameAs(low);
    assertThat(tree.lookup(11L << 12)).isNull();
    assertThat(tree.lookup(19L << 12)).isSameAs(low);
    assertThatThrownBy(() -> tree.resize(low, 12L << 12, 21L << 12))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> tree.resize(high, 19L << 12, 22L << 12))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> tree.resize(high, 20L << 12, 20L << 12))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @MethodSource("trees")
  void theHighestHoleThatFitsIsFound(Tree tree) {
    // pages: floor at 2, A at 10 to 14, B at 20, top at 30
    tree.insert(vma(10, 5));
    tree.insert(vma(20, 1));
    assertThat(holePage(tree, 9)).isEqualTo(30);
    assertThat(holePage(tree, 10)).isEqualTo(-1);
    tree.insert(vma(21, 8));
    assertThat(holePage(tree, 1)).isEqualTo(30);
    assertThat(holePage(tree, 2)).isEqualTo(20);
    assertThat(holePage(tree, 5)).isEqualTo(20);
    assertThat(holePage(tree, 6)).isEqualTo(10);
    assertThat(holePage(tree, 8)).isEqualTo(10);
    tree.insert(vma(29, 4));
    assertThat(holePage(tree, 1)).as("a VMA across the top").isEqualTo(20);
  }

  private static long holePage(Tree tree, long pages) {
    return tree.highestHole(30L << 12, pages << 12, 2L << 12) >> 12;
  }

  private static void resize(Tree tree, Vma vma, long start, long end) {
    tree.resize(vma, start, end);
    vma.start = start;
    vma.end = end;
  }

  @Test
  void bothAgreeOnRandomPrograms() {
    for (long seed = 0; seed < 30; seed++) {
      assertThat(firstDifference(new Real(), new Naive(false), seed, 200, 400))
          .as("seed %d", seed)
          .isEqualTo(-1);
    }
  }

  /** Enough VMAs for leaves to fill, to be halved and to be joined again. */
  @Test
  void bothAgreeOnProgramsWithManyVmas() {
    for (long seed = 100; seed < 103; seed++) {
      assertThat(firstDifference(new Real(), new Naive(false), seed, 6000, 4000))
          .as("seed %d", seed)
          .isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void vmasInOrderFillLeavesInBothDirections(boolean downwards) {
    Real tree = new Real();
    List<Vma> expected = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      Vma vma = vma(downwards ? 5000 - 2 * i : 2 * i, 1);
      tree.insert(vma);
      expected.add(downwards ? 0 : i, vma);
    }
    assertThat(tree.all()).isEqualTo(expected);
    for (int i = 0; i < 1000; i++) {
      tree.remove(expected.get(i));
    }
    assertThat(tree.all()).isEmpty();
    assertThat(tree.find(0)).isNull();
  }

  @Test
  void theComparisonCatchesASlip() {
    long caught = 0;
    for (long seed = 0; seed < 30; seed++) {
      caught += firstDifference(new Real(), new Naive(true), seed, 200, 400) >= 0 ? 1 : 0;
    }
    assertThat(caught).isGreaterThan(25);
  }

  /** The canary: borders that were changed behind the tree's back must not pass. */
  @Test
  void theCheckSeesAVmaThatWasMovedByHand() {
    VmaTree tree = new VmaTree();
    Vma vma = vma(10, 5);
    tree.insert(vma);
    tree.checkInvariants();
    vma.end += 4096;
    assertThatThrownBy(tree::checkInvariants).hasMessageContaining("behind the back");
  }

  /** Runs one random program on both; the first step that differs, or -1. */
  private static int firstDifference(Tree left, Tree right, long seed, int pages, int steps) {
    Random random = new Random(seed);
    List<Vma> inside = new ArrayList<>();
    for (int step = 0; step < steps; step++) {
      // grows for two thirds of the program, then shrinks
      boolean shrinks = random.nextInt(step < steps * 2 / 3 ? 5 : 2) == 0;
      if (shrinks && !inside.isEmpty()) {
        Vma gone = inside.remove(random.nextInt(inside.size()));
        left.remove(gone);
        right.remove(gone);
      } else {
        Vma fresh = vma(random.nextInt(pages), 1 + random.nextInt(6));
        if (right.intersection(fresh.start, fresh.end) == null) {
          left.insert(fresh);
          right.insert(fresh);
          inside.add(fresh);
        }
      }
      if (!inside.isEmpty()) {
        resizeOne(left, right, inside.get(random.nextInt(inside.size())), random);
      }
      long address = (long) random.nextInt(pages) << 12;
      long length = (long) (1 + random.nextInt(20)) << 12;
      boolean same =
          left.find(address) == right.find(address)
              && left.lookup(address) == right.lookup(address)
              && left.previous(address) == right.previous(address)
              && left.intersection(address, address + 8192)
                  == right.intersection(address, address + 8192)
              && left.highestHole(address, length, 8192) == right.highestHole(address, length, 8192)
              && left.indexFrom(address) == right.indexFrom(address)
              && (step % (steps / 400) != 0 || left.all().equals(right.all()));
      if (!same) {
        return step;
      }
    }
    return -1;
  }

  private static void resizeOne(Tree left, Tree right, Vma vma, Random random) {
    long start = Math.max(0, vma.start + ((random.nextInt(5) - 2L) << 12));
    long end = vma.end + ((random.nextInt(5) - 2L) << 12);
    try {
      right.resize(vma, start, end);
    } catch (IllegalStateException refused) {
      assertThatThrownBy(() -> left.resize(vma, start, end))
          .isInstanceOf(IllegalStateException.class);
      return;
    }
    resize(left, vma, start, end);
  }
}
