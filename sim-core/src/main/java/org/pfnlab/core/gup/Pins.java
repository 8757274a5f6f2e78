package org.pfnlab.core.gup;

import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.phys.Frames;

/**
 * References that get_user_pages hands out and how they are given back: one for FOLL_GET, {@link
 * Frames#PIN_BIAS} for FOLL_PIN (try_grab_page, unpin_user_page). Frames are named by their pfn.
 */
public final class Pins {
  /** The zero page is never pinned: it goes nowhere. */
  public static final Feature ZERO_PAGE_NOT_PINNED =
      Feature.define(
          "ZERO_PAGE_NOT_PINNED",
          "c8070b787519, v6.5: FOLL_PIN of the zero page counts nothing; recorded in 6.1.192 too",
          Releases.since("v6.5").backportedTo("v6.1.192"));

  /**
   * What callers fill their arrays with before they ask: a slot that still holds it after a success
   * was never stored (kernels before v5.18, special entries).
   */
  public static final long GARBAGE = Long.MIN_VALUE;

  private static final String NEVER_STORED = "a page counted as pinned was never stored";

  private final Frames frames;
  private final boolean pinsZeroPage;

  /** Works on these frames. */
  public Pins(Kernel kernel, Frames frames) {
    this.frames = frames;
    this.pinsZeroPage = !kernel.has(ZERO_PAGE_NOT_PINNED);
  }

  /** The BUG of a caller that works with a slot which still holds {@link #GARBAGE}. */
  public static KernelBug neverStored(String symbol) {
    return new KernelBug(symbol, NEVER_STORED);
  }

  /** Whether a BUG is one of {@link #neverStored}: on a real machine, anything may follow. */
  public static boolean isNeverStored(KernelBug bug) {
    return String.valueOf(bug.getMessage()).endsWith(NEVER_STORED);
  }

  /** try_grab_page: takes what the flags ask for; false on a page that is going free. */
  boolean grab(long pfn, int flags) {
    if ((flags & (GupFlags.FOLL_GET | GupFlags.FOLL_PIN)) == 0) {
      return true;
    }
    if ((flags & GupFlags.FOLL_GET) != 0) {
      return frames.getUnlessZero(pfn);
    }
    if (!isCounted(pfn)) {
      return true;
    }
    if (frames.refcount(pfn) <= 0) {
      return false;
    }
    frames.pin(pfn);
    return true;
  }

  private boolean isCounted(long pfn) {
    return pinsZeroPage || pfn != frames.zeroPfn();
  }

  /** How many references a pin of this page counts for. */
  public int weight(long pfn) {
    return isCounted(pfn) ? Frames.PIN_BIAS : 0;
  }

  /** put_page for FOLL_GET. */
  public void put(long pfn) {
    frames.put(pfn);
  }

  /** unpin_user_page. */
  public void unpin(long pfn) {
    if (isCounted(pfn)) {
      frames.unpin(pfn);
    }
  }

  /**
   * Gives back the first n, pinned or referenced as the flags say (unpin_user_pages_dirty_lock,
   * put_page).
   *
   * @param flags the {@link GupFlags} that they were got with
   * @param dirty whether they were written to
   */
  public void release(long[] pages, int n, int flags, boolean dirty) {
    boolean pinned = (flags & GupFlags.FOLL_PIN) != 0;
    for (int i = 0; i < n; i++) {
      if (dirty && pages[i] != frames.zeroPfn()) {
        frames.set(pages[i], Frames.DIRTY);
      }
      if (pinned) {
        unpin(pages[i]);
      } else {
        put(pages[i]);
      }
    }
  }
}
