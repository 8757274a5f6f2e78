package org.pfnlab.core.phys;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/**
 * Content against arrays of 4096 bytes: RAM, frames without a struct page, neighbours, far away.
 */
final class FrameContentTest {
  private static final long[] PFNS = {
    0x101, 0x102, 0x1000, 0xf8000, 0xf8001, 0xf81ff, 0xf8200, 0xff_ffff_ffffL
  };

  private final Frames frames =
      new Frames(new Kernel(KernelProfile.of("v6.1")), new long[] {0x10_0000, 0x800_0000});
  private final byte[][] pages = new byte[PFNS.length][4096];

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyByteIsWhatWasStoredLast(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int step = 0; step < 2000; step++) {
      step(random);
      if (step % 50 == 0) {
        compare("seed " + seed + " step " + step);
      }
      if (step == 1000) {
        snapshotAndBack(random);
      }
    }
    frames.reset();
    Arrays.stream(pages).forEach(page -> Arrays.fill(page, (byte) 0));
    compare("seed " + seed + " after the reset");
  }

  private void step(SplittableRandom random) {
    int at = random.nextInt(PFNS.length);
    long pfn = PFNS[at];
    int offset = random.nextInt(8) == 0 ? random.nextInt(4096) : random.nextInt(4) * 1021;
    byte value = (byte) random.nextInt(-3, 4);
    switch (random.nextInt(16)) {
      case 0 -> {
        frames.zero(pfn);
        Arrays.fill(pages[at], (byte) 0);
      }
      case 1 -> {
        frames.fill(pfn, value);
        Arrays.fill(pages[at], value);
      }
      case 2, 3 -> {
        int from = random.nextInt(PFNS.length);
        frames.copy(PFNS[from], pfn);
        System.arraycopy(pages[from], 0, pages[at], 0, 4096);
      }
      case 4, 5, 6 -> storeWord(at, offset & ~7, random.nextLong() * (value & 1));
      default -> {
        frames.store(pfn, offset, value);
        pages[at][offset] = value;
      }
    }
  }

  private void storeWord(int at, int offset, long word) {
    frames.storeWord(PFNS[at], offset, word);
    for (int i = 0; i < 8; i++) {
      pages[at][offset + i] = (byte) (word >>> (8 * i));
    }
    assertThat(frames.loadWord(PFNS[at], offset)).isEqualTo(word);
  }

  private void snapshotAndBack(SplittableRandom random) {
    FramesSnapshot snapshot = frames.snapshot();
    byte[][] then = new byte[PFNS.length][];
    Arrays.setAll(then, i -> pages[i].clone());
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 200; i++) {
        step(random);
      }
      frames.restore(snapshot);
      Arrays.setAll(pages, i -> then[i].clone());
      compare("after restore " + round);
    }
  }

  private void compare(String what) {
    for (int at = 0; at < PFNS.length; at++) {
      byte[] page = new byte[4096];
      for (int offset = 0; offset < 4096; offset++) {
        page[offset] = frames.load(PFNS[at], offset);
      }
      assertThat(Arrays.mismatch(page, pages[at])).as(what + " page " + at).isEqualTo(-1);
    }
  }

  /** The comparison must see one wrong byte. */
  @Test
  void theComparisonSeesOneWrongByte() {
    frames.store(0xf8000, 4001, (byte) 1);
    assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> compare("canary")))
        .isInstanceOf(AssertionError.class);
  }
}
