package org.pfnlab.core.pagetable;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PteTest {
  private static final long[] PROTECTIONS = {
    Pte.PAGE_NONE,
    Pte.PAGE_READONLY,
    Pte.PAGE_READONLY_EXEC,
    Pte.PAGE_COPY_EXEC,
    Pte.PAGE_SHARED,
    Pte.PAGE_SHARED_EXEC
  };

  private static long parse(String hex) {
    return Long.parseUnsignedLong(hex, 16);
  }

  /** Values as a crash dump shows them. */
  @ParameterizedTest
  @CsvSource({
    // pte,            none, present, hw, protNone, write, dirty, young, special, exec
    "0,                true, false, false, false, false, false, false, false, true",
    "8000000000abc027, false, true, true, false, true, false, true, false, false",
    "8000000000abc067, false, true, true, false, true, true, true, false, false",
    "0000000000abc225, false, true, true, false, false, false, true, true, true",
    "8400000000abc025, false, true, true, false, false, true, true, false, false",
    "000ffffffedcb120, false, true, false, true, false, false, true, false, true",
    "fffffffffffff600, false, false, false, false, false, false, false, true, false",
  })
  void bitsMeanWhatTheHardwareAndTheKernelSay(
      String hex,
      boolean none,
      boolean present,
      boolean hw,
      boolean protNone,
      boolean write,
      boolean dirty,
      boolean young,
      boolean special,
      boolean exec) {
    long pte = parse(hex);
    assertThat(Pte.none(pte)).as("none").isEqualTo(none);
    assertThat(Pte.present(pte)).as("present").isEqualTo(present);
    assertThat(Pte.hwPresent(pte)).as("hwPresent").isEqualTo(hw);
    assertThat(Pte.protNone(pte)).as("protNone").isEqualTo(protNone);
    assertThat(Pte.exec(pte)).as("exec").isEqualTo(exec);
    if (present) {
      assertThat(Pte.write(pte)).as("write").isEqualTo(write);
      assertThat(Pte.dirty(pte)).as("dirty").isEqualTo(dirty);
      assertThat(Pte.young(pte)).as("young").isEqualTo(young);
      assertThat(Pte.special(pte)).as("special").isEqualTo(special);
    }
  }

  @ParameterizedTest
  @CsvSource({
    // pfn,  prot,             pte
    "abc, 8000000000000025, 8000000000abc025",
    "abc, 0000000000000120, 000fffffff543120",
    "0,   0000000000000120, 000ffffffffff120",
    "ffffffffff, 8000000000000027, 800ffffffffff027",
    "f8000, 800000000000022f, 80000000f800022f",
  })
  void anEntryIsBuiltFromPfnAndProtection(String pfn, String prot, String pte) {
    assertThat(Long.toHexString(Pte.of(parse(pfn), parse(prot))))
        .isEqualTo(Long.toHexString(parse(pte)));
    assertThat(Pte.pfn(parse(pte))).isEqualTo(parse(pfn));
  }

  @Test
  void anyPfnComesBackFromAnyProtectionAndAnyChangeOfIt() {
    long seed = 20260801;
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 100_000; round++) {
      long pfn = random.nextLong() & (1L << random.nextInt(41)) - 1;
      long bits = random.nextLong() & (Pte.SPECIAL | Pte.SOFT_DIRTY | Pte.CACHE_MASK | Pte.DIRTY);
      long pte = Pte.of(pfn, PROTECTIONS[random.nextInt(PROTECTIONS.length)] | bits);
      boolean savedDirty = random.nextBoolean();
      for (int change = 0; change < 4; change++) {
        long next = PROTECTIONS[random.nextInt(PROTECTIONS.length)];
        long changed = Pte.modify(pte, next, savedDirty);
        String what = "seed " + seed + " round " + round + ": " + Pte.describe(pte);
        assertThat(Pte.pfn(changed)).as(what).isEqualTo(pfn);
        assertThat(Pte.present(changed)).as(what).isTrue();
        assertThat(Pte.protNone(changed)).as(what).isEqualTo(next == Pte.PAGE_NONE);
        assertThat(Pte.write(changed)).as(what).isEqualTo(Pte.write(next));
        assertThat(Pte.exec(changed)).as(what).isEqualTo(Pte.exec(next));
        assertThat(Pte.dirty(changed)).as(what).isEqualTo(Pte.dirty(pte));
        assertThat(Pte.cacheBits(changed)).as(what).isEqualTo(Pte.cacheBits(pte));
        assertThat(Pte.special(changed)).as(what).isEqualTo(Pte.special(pte));
        pte = changed;
      }
    }
  }

  /** P: present, W: writable, D: hardware dirty, S: saved dirty. */
  @ParameterizedTest
  @CsvSource({
    // step,       savedDirty, before, after
    "wrProtect,    true,  PWD, PS",
    "wrProtect,    true,  PW,  P",
    "wrProtect,    false, PWD, PD",
    "mkWrite,      true,  PS,  PWD",
    "mkWrite,      true,  P,   PW",
    "mkWrite,      false, PD,  PWD",
    "mkDirty,      true,  P,   PS",
    "mkDirty,      true,  PW,  PWD",
    "mkDirty,      false, P,   PD",
    "mkClean,      true,  PS,  P",
    "mkClean,      true,  PWD, PW",
    "toReadonly,   true,  PWD, PS",
    "toReadonly,   true,  PS,  PS",
    "toReadonly,   false, PWD, PD",
    "toShared,     true,  PS,  PWD",
    "toShared,     false, PD,  PWD",
    "toNone,       true,  PWD, S",
    "toNone,       false, PWD, D",
    "noneToShared, true,  S,   PWD",
    "noneToShared, false, D,   PWD",
  })
  void savedDirtyNeverLeavesTheHardwareBitOnReadOnlyEntries(
      String step, boolean savedDirty, String before, String after) {
    long pte = Pte.of(0x1234, protection(before)) | dirtiness(before);
    long result =
        switch (step) {
          case "wrProtect" -> Pte.wrProtect(pte, savedDirty);
          case "mkWrite" -> Pte.mkWrite(pte, savedDirty);
          case "mkDirty" -> Pte.mkDirty(pte, savedDirty) & ~Pte.SOFT_DIRTY;
          case "mkClean" -> Pte.mkClean(pte);
          case "toReadonly" -> Pte.modify(pte, Pte.PAGE_READONLY, savedDirty);
          case "toNone" -> Pte.modify(pte, Pte.PAGE_NONE, savedDirty);
          default -> Pte.modify(pte, Pte.PAGE_SHARED, savedDirty);
        };
    assertThat(Pte.describe(result))
        .isEqualTo(Pte.describe(Pte.of(0x1234, protection(after)) | dirtiness(after)));
  }

  private static long protection(String letters) {
    return letters.contains("W")
        ? Pte.PAGE_SHARED
        : letters.contains("P") ? Pte.PAGE_READONLY : Pte.PAGE_NONE;
  }

  private static long dirtiness(String letters) {
    return (letters.contains("D") ? Pte.DIRTY : 0) | (letters.contains("S") ? Pte.SAVED_DIRTY : 0);
  }

  /** What pte_modify takes from the new protection and what it keeps of the entry. */
  @ParameterizedTest
  @CsvSource({
    "ACCESSED, 20, kept",
    "DIRTY, 40, kept",
    "SPECIAL, 200, kept",
    "UFFD_WP, 400, kept",
    "SOFT_DIRTY, 800, kept",
    "PWT, 8, kept",
    "PCD, 10, kept",
    "PAT, 80, kept",
    "RW, 2, new",
    "USER, 4, new",
    "NX, 8000000000000000, new",
  })
  void modifyKeepsWhatTheChangeMaskSays(String name, String hex, String fate) {
    long bit = parse(hex);
    boolean kept = fate.equals("kept");
    long with = Pte.modify(Pte.of(0x99, Pte.PRESENT | bit), Pte.PRESENT);
    long without = Pte.modify(Pte.of(0x99, Pte.PRESENT), Pte.PRESENT | bit);
    assertThat((with & bit) != 0).as(name).isEqualTo(kept);
    assertThat((without & bit) != 0).as(name).isEqualTo(!kept);
    assertThat(Pte.pfn(with)).isEqualTo(0x99);
  }

  @Test
  void hugeLeavesMoveThePatBitAndInvertOnlyTheirOwnPfnField() {
    long wt = Pte.PAGE_SHARED | Pte.PAT | Pte.PCD | Pte.PWT;
    assertThat(Long.toHexString(Pte.ofHuge(0x40000, wt, 2))).isEqualTo("80000000400010bf");
    assertThat(Long.toHexString(Pte.ofHuge(0x40000, Pte.PAGE_NONE, 2))).isEqualTo("fffffbfe001a0");
    assertThat(Long.toHexString(Pte.ofHuge(0x40000, Pte.PAGE_NONE, 3))).isEqualTo("fffff800001a0");
    for (int level = 2; level <= 3; level++) {
      long leaf = Pte.ofHuge(0x80000, wt, level);
      long none = Pte.modifyHuge(leaf, Pte.PAGE_NONE, true, level);
      assertThat(Pte.pfn(none, level)).isEqualTo(0x80000);
      assertThat(none & (Pte.PSE | Pte.PAT_LARGE)).isEqualTo(Pte.PSE | Pte.PAT_LARGE);
      assertThat(Pte.modifyHuge(none, Pte.PAGE_SHARED, true, level)).isEqualTo(leaf);
      assertThat(Pte.toSmall(leaf, level)).isEqualTo(Pte.of(0x80000, wt));
      assertThat(Pte.describe(leaf, level))
          .isEqualTo((level == 2 ? "2M" : "1G") + " pfn 0x80000 RW young WT");
      assertThat(Pte.pfn(Pte.lower(none, level), level - 1)).isEqualTo(0x80000);
    }
  }

  @Test
  void aHugeLeafLosesItsDirtyBitWhereASmallEntryParksIt() {
    long small = Pte.mkDirty(Pte.of(0x80000, Pte.PAGE_SHARED), true);
    long leaf = Pte.mkDirty(Pte.ofHuge(0x80000, Pte.PAGE_SHARED, 2), true);
    assertThat(Pte.dirty(Pte.modify(small, Pte.PAGE_READONLY, true))).isTrue();
    assertThat(Pte.dirty(Pte.modifyHuge(leaf, Pte.PAGE_READONLY, true, 2))).isFalse();
    assertThat(Pte.dirty(Pte.modifyHuge(leaf, Pte.PAGE_READONLY, false, 2))).isTrue();
  }

  @Test
  void advanceGoesForwardInInvertedEntriesToo() {
    for (long prot : PROTECTIONS) {
      long pte = Pte.of(0x1ff0, prot);
      assertThat(pte + 33 * Pte.advance(pte, 1)).isEqualTo(Pte.of(0x1ff0 + 33, prot));
      assertThat(pte + Pte.advance(pte, 512)).isEqualTo(Pte.of(0x1ff0 + 512, prot));
      assertThat(Pte.advance(pte, 0)).isZero();
    }
  }

  @Test
  void markersAreSwapStyleEntriesOfTheLastType() {
    assertThat(Long.toHexString(Pte.marker(Pte.GUARD))).isEqualTo("fffffffffffff600");
    assertThat(Long.toHexString(Pte.swapEntry(0, 1))).isEqualTo("7fffffffffffc00");
    assertThat(Pte.isGuard(Pte.marker(Pte.GUARD))).isTrue();
    assertThat(Pte.isGuard(Pte.marker(Pte.POISONED))).isFalse();
    assertThat(Pte.isMarker(Pte.marker(Pte.UFFD_WP | Pte.POISONED))).isTrue();
    assertThat(Pte.isMarker(Pte.swapEntry(3, Pte.GUARD))).isFalse();
    assertThat(Pte.isMarker(Pte.of(0xfff_ffff, Pte.PAGE_NONE))).isFalse();
    assertThat(Pte.present(Pte.marker(Pte.GUARD))).isFalse();
    assertThat(Pte.swapOffset(Pte.swapEntry(17, 0x3_1234_5678L))).isEqualTo(0x3_1234_5678L);
    assertThat(Pte.swapType(Pte.swapEntry(17, 0x3_1234_5678L))).isEqualTo(17);
  }

  @ParameterizedTest
  @CsvSource({
    "80000000f800026f, pfn 0xf8000 RW special young dirty WC",
    "000ffffffffff120, pfn 0x0 NONE young",
    "0000000000abc005, pfn 0xabc R X",
    "8400000000abc835, pfn 0xabc R young saved-dirty soft-dirty UC-",
    "fffffffffffff600, marker guard",
    "7fffffffffffc00, swap type 0 offset 1",
    "0, none",
  })
  void describeSpeaksInWords(String hex, String words) {
    assertThat(Pte.describe(parse(hex))).isEqualTo(words);
  }
}
