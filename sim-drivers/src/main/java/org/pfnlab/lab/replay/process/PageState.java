package org.pfnlab.lab.replay.process;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.task.Pagemap;

/**
 * What pagemap shows of one page, in the recorder's words.
 *
 * @param bits {@link Pagemap} bits
 * @param pfn the page frame, -1 if the page is absent
 */
record PageState(int bits, long pfn) {

  /** A page that is not there. */
  static final PageState ABSENT = new PageState(0, -1);

  /** {@link #letters} by bits. */
  private static final String[] LETTERS = new String[1 << Pagemap.PFN_SHIFT];

  static {
    Arrays.setAll(LETTERS, PageState::spell);
  }

  /** The state of the page at this address. */
  static PageState of(Pagemap pagemap, Mm mm, long address) {
    return of(pagemap, mm, mm.vmas.lookup(address), address);
  }

  /** The state of the page at this address of this VMA, which may be null. */
  static PageState of(Pagemap pagemap, Mm mm, @Nullable Vma vma, long address) {
    long seen = pagemap.look(mm, vma, address);
    if (seen == 0) {
      return ABSENT;
    }
    int bits = (int) seen & LETTERS.length - 1;
    return new PageState(bits, (bits & Pagemap.PRESENT) == 0 ? -1 : seen >>> Pagemap.PFN_SHIFT);
  }

  boolean isPresent() {
    return (bits & Pagemap.PRESENT) != 0;
  }

  boolean isZeroPage() {
    return (bits & Pagemap.ZERO) != 0;
  }

  /** none, zero, anon, cache or guard. */
  String word() {
    if (isPresent()) {
      return isZeroPage() ? "zero" : (bits & Pagemap.FILE) != 0 ? "cache" : "anon";
    }
    return (bits & Pagemap.GUARD) != 0 ? "guard" : "none";
  }

  /** The letters of a pagemap snapshot; none where the page is absent. */
  String letters() {
    return LETTERS[bits];
  }

  private static String spell(int bits) {
    return letter(bits, Pagemap.PRESENT, "P")
        + letter(bits, Pagemap.GUARD, "S")
        + letter(bits, Pagemap.FILE, "F")
        + letter(bits, Pagemap.EXCLUSIVE, "X")
        + letter(bits, Pagemap.GUARD, "G")
        + letter(bits, Pagemap.ZERO, "Z");
  }

  private static String letter(int bits, int bit, String letter) {
    return (bits & bit) != 0 ? letter : "";
  }

  /** One character for a picture. */
  char glyph() {
    return isPresent() ? word().charAt(0) : (bits & Pagemap.GUARD) != 0 ? 'g' : '.';
  }
}
