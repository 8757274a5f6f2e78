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
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.TablePool;

/** One behaviour, two implementations: the sorted array and a naive list. */
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
    public List<Vma> all() {
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

  @Test
  void bothAgreeOnRandomPrograms() {
    for (long seed = 0; seed < 30; seed++) {
      assertThat(firstDifference(new Real(), new Naive(false), seed))
          .as("seed %d", seed)
          .isEqualTo(-1);
    }
  }

  @Test
  void theComparisonCatchesASlip() {
    long caught = 0;
    for (long seed = 0; seed < 30; seed++) {
      caught += firstDifference(new Real(), new Naive(true), seed) >= 0 ? 1 : 0;
    }
    assertThat(caught).isGreaterThan(25);
  }

  /** Runs one random program on both; the first step that differs, or -1. */
  private static int firstDifference(Tree left, Tree right, long seed) {
    Random random = new Random(seed);
    List<Vma> inside = new ArrayList<>();
    for (int step = 0; step < 400; step++) {
      long page = random.nextInt(200);
      if (random.nextInt(3) == 0 && !inside.isEmpty()) {
        Vma gone = inside.remove(random.nextInt(inside.size()));
        left.remove(gone);
        right.remove(gone);
      } else {
        Vma fresh = vma(page, 1 + random.nextInt(6));
        if (right.intersection(fresh.start, fresh.end) == null) {
          left.insert(fresh);
          right.insert(fresh);
          inside.add(fresh);
        }
      }
      long address = (long) random.nextInt(200) << 12;
      boolean same =
          left.find(address) == right.find(address)
              && left.lookup(address) == right.lookup(address)
              && left.previous(address) == right.previous(address)
              && left.intersection(address, address + 8192)
                  == right.intersection(address, address + 8192)
              && left.all().equals(right.all());
      if (!same) {
        return step;
      }
    }
    return -1;
  }
}
