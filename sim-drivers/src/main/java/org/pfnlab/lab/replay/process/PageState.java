package org.pfnlab.lab.replay.process;

import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.task.Pagemap;

/**
 * What pagemap shows of one page, in the recorder's words.
 *
 * @param bits {@link Pagemap} bits
 * @param pfn the page frame, -1 if the page is absent
 */
record PageState(int bits, long pfn) {

  /** The state of the page at this address. */
  static PageState of(Pagemap pagemap, Mm mm, long address) {
    return new PageState(pagemap.bits(mm, address), pagemap.pfn(mm, address));
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
    return letter(Pagemap.PRESENT, "P")
        + letter(Pagemap.GUARD, "S")
        + letter(Pagemap.FILE, "F")
        + letter(Pagemap.EXCLUSIVE, "X")
        + letter(Pagemap.GUARD, "G")
        + letter(Pagemap.ZERO, "Z");
  }

  private String letter(int bit, String letter) {
    return (bits & bit) != 0 ? letter : "";
  }

  /** One character for a picture. */
  char glyph() {
    return isPresent() ? word().charAt(0) : (bits & Pagemap.GUARD) != 0 ? 'g' : '.';
  }
}
