package org.pfnlab.core.phys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/**
 * The allocator against a set of free pages. Because buddies merge, the free blocks are always the
 * one decomposition of that set into the largest aligned blocks, whatever happened before; only the
 * single pages on the per-CPU lists wait until they are drained.
 */
final class BuddyTest {
  /** All three zones, every range with ragged ends, two ranges that touch. */
  private static final long[] RAM = {
    0x1000, 0x9fc00, 0x10_0000, 0x230_3000, 0x230_3000, 0x2d0_7000, 0xffb0_1000L, 0x1_0110_5000L
  };

  private static final ImmutableList<Zone> ZONES = ImmutableList.copyOf(Zone.values());

  private record Block(long pfn, int order) {}

  private final Kernel kernel = new Kernel(KernelProfile.of("v6.18.2"));
  private final Frames frames = new Frames(kernel, RAM);
  private final Buddy buddy = frames.buddy();
  private final BitSet free = new BitSet();

  BuddyTest() {
    for (int i = 0; i < RAM.length; i += 2) {
      free.set((int) ((RAM[i] + 4095) >>> 12), (int) (RAM[i + 1] >>> 12));
    }
    free.clear(0, 0x101);
  }

  @Test
  void aFreshMachineHasAllItsPagesInTheLargestBlocks() {
    assertThat(buddy.managedPages()).isEqualTo(free.cardinality());
    checkBlocks("fresh");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void freeBlocksAreTheLargestThereCanBe(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Block> used = new ArrayList<>();
    for (int step = 0; step < 400; step++) {
      String what = "seed " + seed + " step " + step;
      int appetite = step / 100 % 2 == 0 ? 7 : 3;
      if (used.isEmpty() || random.nextInt(10) < appetite) {
        int order = random.nextInt(4) > 0 ? random.nextInt(3) : random.nextInt(11);
        alloc(order, ZONES.get(random.nextInt(3)), used, what);
      } else {
        Block block = used.remove(random.nextInt(used.size()));
        free.set((int) block.pfn(), (int) block.pfn() + (1 << block.order()));
        if (random.nextBoolean()) {
          for (long pfn = block.pfn(); pfn < block.pfn() + (1L << block.order()); pfn++) {
            assertThat(frames.put(pfn)).isTrue();
          }
        } else {
          release(block);
        }
      }
      frames.checkInvariants();
      assertThat(buddy.freePages()).as(what).isEqualTo(free.cardinality());
      if (random.nextInt(3) == 0) {
        buddy.drain();
        checkBlocks(what);
      }
    }
    for (Block block : used) {
      free.set((int) block.pfn(), (int) block.pfn() + (1 << block.order()));
      release(block);
    }
    buddy.drain();
    checkBlocks("seed " + seed + " at the end");
    assertThat(buddy.freePages()).isEqualTo(buddy.managedPages());
  }

  private void release(Block block) {
    for (long pfn = block.pfn() + (1L << block.order()) - 1; pfn >= block.pfn(); pfn--) {
      frames.put(pfn);
    }
  }

  private void alloc(int order, Zone zone, List<Block> used, String what) {
    long pfn = frames.alloc(order, zone);
    if (pfn < 0) {
      for (int larger = order; larger <= Buddy.MAX_ORDER; larger++) {
        for (Zone lower : Zone.values()) {
          if (lower.compareTo(zone) <= 0) {
            assertThat(naiveBlocks(lower, larger)).as(what).isZero();
          }
        }
      }
      return;
    }
    int end = (int) pfn + (1 << order);
    assertThat(pfn & ((1L << order) - 1)).as(what).isZero();
    assertThat(free.nextClearBit((int) pfn)).as(what + ": taken twice").isGreaterThanOrEqualTo(end);
    assertThat(Zone.of(pfn)).isLessThanOrEqualTo(zone);
    free.clear((int) pfn, end);
    used.add(new Block(pfn, order));
  }

  private void checkBlocks(String what) {
    for (Zone zone : Zone.values()) {
      for (int order = 0; order <= Buddy.MAX_ORDER; order++) {
        assertThat(buddy.freeBlocks(zone, order))
            .as(what + ": " + zone + " order " + order)
            .isEqualTo(naiveBlocks(zone, order));
      }
    }
  }

  private int naiveBlocks(Zone zone, int wanted) {
    int blocks = 0;
    int end = (int) Math.min(zone.endPfn(), 1L << 21);
    int pfn = free.nextSetBit((int) zone.firstPfn());
    while (pfn >= 0 && pfn < end) {
      int order = Math.min(Buddy.MAX_ORDER, Integer.numberOfTrailingZeros(pfn));
      int clear = free.nextClearBit(pfn);
      while (pfn + (1 << order) > clear) {
        order--;
      }
      blocks += order == wanted ? 1 : 0;
      pfn = free.nextSetBit(pfn + (1 << order));
    }
    return blocks;
  }

  @Test
  void exhaustionIsAnAnswerAndEverythingComesBack() {
    List<Long> taken = new ArrayList<>();
    for (long pfn = frames.alloc(); pfn >= 0; pfn = frames.alloc()) {
      taken.add(pfn);
    }
    assertThat(taken).hasSize(free.cardinality()).doesNotHaveDuplicates();
    assertThat(buddy.freePages()).isZero();
    frames.checkInvariants();
    taken.forEach(frames::put);
    buddy.drain();
    checkBlocks("after exhaustion");
    assertThat(frames.alloc(11, Zone.NORMAL)).isEqualTo(-1);
  }

  @Test
  void splitsAndMergesAreCounted() {
    long pfn = frames.alloc(7, Zone.NORMAL);
    long splits = kernel.meter.get(Buddy.SPLIT);
    release(new Block(pfn, 7));
    buddy.drain();
    assertThat(kernel.meter.get(Buddy.MERGED)).isEqualTo(127 + splits);
  }

  @Test
  void onlyBlocksOfThisAllocatorComeBack() {
    assertThatThrownBy(() -> buddy.free(0x101, 3)).hasMessageContaining("no block of order 3");
    assertThatThrownBy(() -> buddy.free(frames.zeroPfn(), 0)).hasMessageContaining("no block");
    assertThatThrownBy(() -> buddy.free(0xf8000, 0)).hasMessageContaining("no block");
  }

  @Test
  void theSameProgramTakesTheSamePages() {
    List<Long> first = program(new SplittableRandom(9));
    frames.reset();
    assertThat(program(new SplittableRandom(9))).isEqualTo(first);
    Frames other = new Frames(kernel, RAM);
    other.alloc();
    other.reset();
    assertThat(other.alloc()).isEqualTo(first.get(0));
  }

  private List<Long> program(SplittableRandom random) {
    List<Long> taken = new ArrayList<>();
    List<Long> story = new ArrayList<>();
    for (int step = 0; step < 3000; step++) {
      if (taken.isEmpty() || random.nextInt(100) < 52) {
        long pfn = frames.alloc();
        taken.add(pfn);
        story.add(pfn);
      } else {
        frames.put(taken.remove(random.nextInt(taken.size())));
      }
    }
    return story;
  }
}
