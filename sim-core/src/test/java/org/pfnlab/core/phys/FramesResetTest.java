package org.pfnlab.core.phys;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/** Reset and restore leave nothing behind: what follows is what a new machine would do. */
final class FramesResetTest {
  private static final long[] RAM = {
    0x1000, 0x9fc00, 0x10_0000, 0x230_3000, 0x1_0000_0000L, 0x1_0110_5000L
  };
  private static final ImmutableList<Zone> ZONES = ImmutableList.copyOf(Zone.values());

  private final Kernel kernel = new Kernel(KernelProfile.of("v6.18.2"));

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void aUsedMachineBehavesLikeANewOne(long seed) {
    Frames used = new Frames(kernel, RAM);
    program(used, new SplittableRandom(seed + 100), new ArrayList<>());
    FramesSnapshot middle = used.snapshot();
    List<String> before = dump(used);
    program(used, new SplittableRandom(seed + 200), new ArrayList<>());
    used.reset();
    assertThat(dump(used)).as("seed " + seed).isEqualTo(dump(new Frames(kernel, RAM)));
    assertThat(program(used, new SplittableRandom(seed), new ArrayList<>()))
        .isEqualTo(program(new Frames(kernel, RAM), new SplittableRandom(seed), new ArrayList<>()));
    used.restore(middle);
    used.checkInvariants();
    assertThat(dump(used)).as("seed " + seed).isEqualTo(before);
    List<String> once = program(used, new SplittableRandom(seed), new ArrayList<>());
    used.restore(middle);
    assertThat(program(used, new SplittableRandom(seed), new ArrayList<>())).isEqualTo(once);
  }

  /** Touches frames in every way there is, and tells what it saw. */
  private static List<String> program(Frames frames, SplittableRandom random, List<Long> mine) {
    List<String> story = new ArrayList<>();
    for (int step = 0; step < 200; step++) {
      if (mine.isEmpty() || random.nextInt(4) == 0) {
        long pfn = frames.alloc(random.nextInt(3), ZONES.get(random.nextInt(3)));
        mine.add(pfn);
        story.add("alloc " + pfn + " holds " + frames.loadWord(pfn, 16));
        continue;
      }
      long pfn = mine.get(random.nextInt(mine.size()));
      switch (random.nextInt(9)) {
        case 0 -> frames.get(pfn);
        case 1 -> frames.pin(pfn);
        case 2 -> frames.set(pfn, random.nextInt(1 << 16) & ~Frames.RESERVED);
        case 3 -> frames.setMapping(pfn, "owner " + step, random.nextLong(1L << 50));
        case 4 -> frames.setMemtype(pfn, random.nextInt(4));
        case 5 -> frames.storeWord(pfn, 8 * random.nextInt(512), step);
        case 6 -> frames.fill(0xf8000 + random.nextInt(3), (byte) step);
        case 7 -> frames.get(frames.zeroPfn());
        default -> {
          if (frames.refcount(pfn) == 1) {
            mine.remove(Long.valueOf(pfn));
          }
          frames.put(pfn);
        }
      }
      story.add(show(frames, pfn));
    }
    return story;
  }

  private static String show(Frames frames, long pfn) {
    StringBuilder text = new StringBuilder().append(pfn);
    if (frames.hasPage(pfn)) {
      text.append(" refs ")
          .append(frames.refcount(pfn))
          .append(" maps ")
          .append(frames.mapcount(pfn));
      text.append(" flags ").append(frames.flags(pfn)).append(" type ").append(frames.memtype(pfn));
      text.append(' ').append(frames.mapping(pfn)).append(' ').append(frames.index(pfn));
    }
    for (int offset = 0; offset < 4096; offset += 8) {
      text.append(' ').append(frames.loadWord(pfn, offset));
    }
    return text.toString();
  }

  private static List<String> dump(Frames frames) {
    List<String> all = new ArrayList<>();
    for (long base : new long[] {0, 0x2000, 0xf8000, 0x10_0000, 0x10_1000}) {
      for (long pfn = base; pfn < base + 768; pfn++) {
        all.add(show(frames, pfn));
      }
    }
    for (Zone zone : Zone.values()) {
      all.add(zone + " " + frames.buddy().freePages(zone));
    }
    return all;
  }

  @Test
  void anUntouchedTebibyteCostsLessThanAMebibyteOfHeap() {
    long[] ram = {0x1000, 0x9fc00, 0x10_0000, 0x8000_0000L, 0x1_0000_0000L, 0x100_8000_0000L};
    Frames[] machines = new Frames[32];
    long before = usedHeap();
    for (int i = 0; i < machines.length; i++) {
      machines[i] = new Frames(kernel, ram);
    }
    long each = (usedHeap() - before) / machines.length;
    assertThat(machines[31].buddy().managedPages()).isEqualTo((1L << 28) - 256 - 1);
    assertThat(each).isLessThan(1 << 20);
  }

  @Test
  void aTouchedFrameCostsAtMost32Bytes() {
    Frames frames = new Frames(kernel, new long[] {0x1_0000_0000L, 0x2_0000_0000L});
    int count = 1 << 19;
    long before = usedHeap();
    for (int i = 0; i < count; i++) {
      long pfn = frames.alloc();
      frames.setMapping(pfn, this, i);
      frames.storeWord(pfn, 0, i);
    }
    assertThat((usedHeap() - before) / (double) count).isLessThan(32);
    assertThat(frames.chunks()).isLessThan(count / 512 + 4);
  }

  private static long usedHeap() {
    Runtime runtime = Runtime.getRuntime();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 4; i++) {
      System.gc();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }
}
