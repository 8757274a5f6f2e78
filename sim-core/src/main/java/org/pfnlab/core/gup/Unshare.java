package org.pfnlab.core.gup;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;

/**
 * gup_must_unshare: a pin for reading through a read-only entry must not land on a page that a
 * later store would leave behind, so such a page is copied first.
 */
public final class Unshare {
  /** A read pin of an anonymous page that may be shared copies it. */
  public static final Feature PIN_UNSHARES_ANON =
      Feature.define(
          "PIN_UNSHARES_ANON",
          "a7f226604170, v5.19: FAULT_FLAG_UNSHARE for R/O pins of possibly shared anonymous pages",
          Releases.since("v5.19"));

  /** A long-term read pin in a COW mapping copies file pages and the zero page too. */
  public static final Feature LONGTERM_PIN_UNSHARES_FILE =
      Feature.define(
          "LONGTERM_PIN_UNSHARES_FILE",
          "84209e87c696, v6.2: reliable R/O long-term pinning in COW mappings",
          Releases.since("v6.2"));

  private final boolean anon;
  private final boolean file;

  Unshare(Kernel kernel) {
    this.anon = kernel.has(PIN_UNSHARES_ANON);
    this.file = kernel.has(LONGTERM_PIN_UNSHARES_FILE);
  }

  /**
   * Whether the page behind a read-only entry must be unshared.
   *
   * @param vma the VMA, or null in the fast path, which knows none and then stays on the safe side
   * @param kind the page's flags, {@link Frames#flags}
   */
  boolean isNeeded(@Nullable Vma vma, int flags, int kind) {
    if (!anon || (flags & (GupFlags.FOLL_WRITE | GupFlags.FOLL_PIN)) != GupFlags.FOLL_PIN) {
      return false;
    }
    if ((kind & Frames.ANON) != 0) {
      return (kind & Frames.ANON_EXCLUSIVE) == 0;
    }
    if (!file || (flags & GupFlags.FOLL_LONGTERM) == 0) {
      return false;
    }
    return vma == null || vma.isCowMapping();
  }
}
