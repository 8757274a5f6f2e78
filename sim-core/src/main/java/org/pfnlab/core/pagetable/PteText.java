package org.pfnlab.core.pagetable;

/** Entries in words, for people and test failures. */
final class PteText {
  /** By PAT slot (PAT, PCD, PWT), as Linux programs it on a CPU without PAT errata. */
  private static final String[] CACHE_MODES = {
    "", " WC", " UC-", " UC", " WB(4)", " WP", " UC-(6)", " WT"
  };

  private PteText() {}

  static String describe(long pte) {
    if (Pte.none(pte)) {
      return "none";
    }
    if (Pte.isMarker(pte)) {
      return describeMarker(Pte.swapOffset(pte));
    }
    if (Pte.isSwap(pte)) {
      return "swap type " + Pte.swapType(pte) + " offset " + Long.toHexString(Pte.swapOffset(pte));
    }
    StringBuilder text = new StringBuilder("pfn 0x").append(Long.toHexString(Pte.pfn(pte)));
    text.append(Pte.protNone(pte) ? " NONE" : Pte.write(pte) ? " RW" : " R");
    append(text, pte, Pte.PRESENT | Pte.NX, Pte.PRESENT, "X");
    append(text, pte, Pte.PRESENT | Pte.USER, Pte.PRESENT, "kernel");
    append(text, pte, Pte.SPECIAL, Pte.SPECIAL, "special");
    append(text, pte, Pte.ACCESSED, Pte.ACCESSED, "young");
    append(text, pte, Pte.DIRTY, Pte.DIRTY, "dirty");
    append(text, pte, Pte.SAVED_DIRTY, Pte.SAVED_DIRTY, "saved-dirty");
    append(text, pte, Pte.SOFT_DIRTY, Pte.SOFT_DIRTY, "soft-dirty");
    append(text, pte, Pte.UFFD_WP_BIT, Pte.UFFD_WP_BIT, "uffd-wp");
    int slot = (int) ((pte & (Pte.PWT | Pte.PCD)) >>> 3 | (pte & Pte.PAT) >>> 5);
    return text.append(CACHE_MODES[slot]).toString();
  }

  private static void append(StringBuilder text, long pte, long mask, long value, String word) {
    if ((pte & mask) == value) {
      text.append(' ').append(word);
    }
  }

  private static String describeMarker(long kinds) {
    StringBuilder text = new StringBuilder("marker");
    append(text, kinds, Pte.GUARD, Pte.GUARD, "guard");
    append(text, kinds, Pte.POISONED, Pte.POISONED, "poisoned");
    append(text, kinds, Pte.UFFD_WP, Pte.UFFD_WP, "uffd-wp");
    return text.toString();
  }
}
