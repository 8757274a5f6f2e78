package org.pfnlab.core.phys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

final class FramesTest {
  private static final long BAR = 0xf8000;

  /** A small laptop: low memory, 1 GiB below a BAR, 1 GiB above 4 GiB; both ends ragged. */
  private static final long[] RAM = {
    0x1000, 0x9fc00, 0x10_0000, 0x4000_0800L, 0x1_0000_0000L, 0x1_4020_3000L
  };

  private final Kernel kernel = new Kernel(KernelProfile.of("v6.18.2"));
  private final Frames frames = new Frames(kernel, RAM);

  /** RAM, struct pages by sections of 128 MiB, and who owns a frame at boot. */
  @ParameterizedTest
  @CsvSource({
    // pfn, ram,  hasPage, references at boot, reserved
    "0,      false, true,  1, true",
    "1,      true,  true,  1, true",
    "9e,     true,  true,  1, true",
    "9f,     false, true,  1, true",
    "100,    true,  true,  1, true",
    "101,    true,  true,  0, false",
    "3ffff,  true,  true,  0, false",
    "40000,  false, false, 0, false",
    "47fff,  false, false, 0, false",
    "f8000,  false, false, 0, false",
    "100000, true,  true,  0, false",
    "140202, true,  true,  0, false",
    "140203, false, true,  1, true",
    "147fff, false, true,  1, true",
    "148000, false, false, 0, false",
  })
  void sectionsDecideWhoHasAStructPage(
      String hex, boolean ram, boolean hasPage, int refs, boolean reserved) {
    long pfn = Long.parseLong(hex, 16);
    assertThat(frames.isRam(pfn)).isEqualTo(ram);
    assertThat(frames.hasPage(pfn)).isEqualTo(hasPage);
    for (int round = 0; round < 2; round++) {
      if (hasPage) {
        assertThat(frames.refcount(pfn)).isEqualTo(refs);
        assertThat(frames.has(pfn, Frames.RESERVED)).isEqualTo(reserved);
      } else {
        assertThatThrownBy(() -> frames.refcount(pfn)).hasMessageContaining("no struct page");
        assertThatThrownBy(() -> frames.get(pfn)).hasMessageContaining("no struct page");
      }
      // the second time with a chunk in place of the defaults
      frames.store(pfn, 0, (byte) 1);
    }
    assertThat(frames.maxPfn()).isEqualTo(0x140203);
  }

  @Test
  void aPageLivesFromAllocToTheLastPut() {
    long pfn = frames.alloc();
    assertThat(frames.refcount(pfn)).isEqualTo(1);
    frames.get(pfn);
    frames.pin(pfn);
    assertThat(frames.refcount(pfn)).isEqualTo(2 + Frames.PIN_BIAS);
    assertThat(frames.maybePinned(pfn)).isTrue();
    assertThat(frames.unpin(pfn)).isFalse();
    Object owner = new Object();
    frames.setMapping(pfn, owner, 0x7_ffff_ffffL);
    frames.set(pfn, Frames.ANON | Frames.ANON_EXCLUSIVE | Frames.SWAPBACKED);
    frames.setMemtype(pfn, 2);
    frames.clear(pfn, Frames.ANON_EXCLUSIVE);
    frames.addMap(pfn);
    assertThat(frames.mapping(pfn)).isSameAs(owner);
    assertThat(frames.index(pfn)).isEqualTo(0x7_ffff_ffffL);
    assertThat(frames.flags(pfn)).isEqualTo(Frames.ANON | Frames.SWAPBACKED);
    assertThat(frames.memtype(pfn)).isEqualTo(2);
    assertThat(frames.mapcount(pfn)).isEqualTo(1);
    assertThat(frames.put(pfn)).isFalse();
    assertThatThrownBy(() -> frames.put(pfn)).hasMessageContaining("freed while mapped");
    assertThat(frames.removeMap(pfn)).isZero();
    assertThat(frames.put(pfn)).isTrue();
    assertThat(frames.getUnlessZero(pfn)).isFalse();
    assertThat(frames.flags(pfn)).isZero();
    assertThat(frames.memtype(pfn)).isZero();
    assertThat(frames.mapping(pfn)).isNull();
    assertThat(kernel.meter.get(Frames.PAGE_ALLOCATED)).isEqualTo(1);
    assertThat(kernel.meter.get(Frames.PAGE_FREED)).isEqualTo(1);
    frames.checkInvariants();
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "7fffffff", "800000000", "fffffffffe", "ffffffffff", "7ffffffffffffffe"})
  void anIndexOfAnySizeIsKept(String hex) {
    long index = Long.parseLong(hex, 16);
    long pfn = frames.alloc();
    frames.set(pfn, Frames.FILE);
    frames.setMapping(pfn, this, index);
    assertThat(frames.index(pfn)).isEqualTo(index);
    FramesSnapshot snapshot = frames.snapshot();
    frames.setMapping(pfn, this, 3);
    assertThat(frames.index(pfn)).isEqualTo(3);
    frames.restore(snapshot);
    assertThat(frames.index(pfn)).isEqualTo(index);
    assertThat(frames.flags(pfn)).isEqualTo(Frames.FILE);
    frames.put(pfn);
    assertThat(frames.index(pfn)).isNotEqualTo(index == 0 ? -1 : index);
  }

  @Test
  void theLastFreedPageIsTheNextAllocated() {
    long first = frames.alloc();
    frames.alloc();
    long third = frames.alloc();
    frames.put(first);
    frames.put(third);
    assertThat(frames.alloc()).isEqualTo(third);
    assertThat(frames.alloc()).isEqualTo(first);
  }

  @Test
  void theZeroPageIsReservedAndOutlivesEveryReference() {
    long zero = frames.zeroPfn();
    assertThat(frames.has(zero, Frames.ZERO_PAGE)).isTrue();
    frames.get(zero);
    assertThat(frames.put(zero)).isFalse();
    assertThatThrownBy(() -> frames.put(zero)).hasMessageContaining("reserved");
    frames.reset();
    assertThat(frames.refcount(zero)).isEqualTo(1);
    assertThat(frames.has(zero, Frames.ZERO_PAGE)).isTrue();
  }

  @Test
  void countsNeverGoBelowZero() {
    long pfn = frames.alloc();
    assertThatThrownBy(() -> frames.removeMap(pfn)).hasMessageContaining("more often than mapped");
    assertThatThrownBy(() -> frames.unpin(pfn)).hasMessageContaining("more references");
    assertThatThrownBy(() -> frames.get(0x100100)).hasMessageContaining("is free");
    assertThatThrownBy(() -> frames.loadWord(pfn, 4)).hasMessageContaining("multiple of 8");
    assertThatThrownBy(() -> frames.loadWord(pfn, 4096)).hasMessageContaining("multiple of 8");
    assertThatThrownBy(() -> frames.loadWord(1L << 40, 0)).hasMessageContaining("2^40");
  }

  @Test
  void deviceMemoryKeepsWhatIsStored() {
    frames.store(BAR, 4095, (byte) 0x5a);
    assertThat(frames.load(BAR, 4095)).isEqualTo((byte) 0x5a);
    assertThat(frames.load(BAR + 1, 4095)).isZero();
    frames.copy(BAR, BAR + (1L << 33));
    assertThat(frames.loadWord(BAR + (1L << 33), 4088)).isEqualTo(0x5aL << 56);
    frames.checkInvariants();
    frames.reset();
    assertThat(frames.load(BAR, 4095)).isZero();
  }

  /** The recount must see each kind of broken frame. */
  @ParameterizedTest
  @CsvSource({
    "lost, pages in use",
    "mappedWhileFree, free but mapped",
    "ownedWhileFree, free but has an owner",
    "flaggedWhileFree, free but has flags",
    "freeWithReference, in 1 free blocks",
    "freedTwice, freed twice",
    "reservedWithoutReference, reserved but has no reference",
  })
  void theRecountSeesABrokenFrame(String damage, String message) {
    long pfn = frames.alloc();
    frames.checkInvariants();
    assertThatThrownBy(
            () -> {
              breakFrame(damage, pfn);
              frames.checkInvariants();
            })
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(message);
  }

  private void breakFrame(String damage, long pfn) {
    switch (damage) {
      case "lost" -> frames.buddy().alloc(0, Zone.NORMAL);
      case "mappedWhileFree" -> {
        frames.put(pfn);
        frames.addMap(pfn);
      }
      case "ownedWhileFree" -> {
        frames.put(pfn);
        frames.setMapping(pfn, this, 0);
      }
      case "flaggedWhileFree" -> frames.set(0x100100, Frames.DIRTY);
      case "freeWithReference" -> frames.buddy().free(pfn, 0);
      case "freedTwice" -> {
        frames.put(pfn);
        frames.buddy().free(pfn, 0);
        frames.buddy().free(pfn, 0);
      }
      default -> frames.touched(0x140203).refs[0x140203 & 511] = 0;
    }
  }
}
