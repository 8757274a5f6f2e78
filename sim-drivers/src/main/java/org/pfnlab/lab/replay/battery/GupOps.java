package org.pfnlab.lab.replay.battery;

import org.pfnlab.core.gup.GupFlags;

/**
 * {@code gup_test:*}: the kernel's own test module gets or pins the mapping's pages, one page a
 * call, and lets them go again.
 */
final class GupOps {
  private static final int GET = GupFlags.FOLL_GET;
  private static final int GET_SLOW = GupFlags.FOLL_GET | GupFlags.FOLL_TOUCH;
  private static final int PIN = GupFlags.FOLL_PIN;
  private static final int LONGTERM = GupFlags.FOLL_PIN | GupFlags.FOLL_LONGTERM;

  private GupOps() {}

  /** get_user_pages_fast. */
  static BatteryOp getFast(int flags) {
    return run -> fast(run, GET | flags);
  }

  /** pin_user_pages_fast. */
  static BatteryOp pinFast(int flags) {
    return run -> fast(run, PIN | flags);
  }

  /** get_user_pages. */
  static BatteryOp getSlow(int flags) {
    return run -> slow(run, GET_SLOW | flags);
  }

  /** pin_user_pages. */
  static BatteryOp pinSlow(int flags) {
    return run -> slow(run, PIN | flags);
  }

  /** pin_user_pages with FOLL_LONGTERM. */
  static BatteryOp pinLongterm(int flags) {
    return run -> slow(run, LONGTERM | flags);
  }

  private static void fast(CaseRun run, int flags) {
    all(run, flags, true);
  }

  private static void slow(CaseRun run, int flags) {
    all(run, flags, false);
  }

  /** Stops at the first page that cannot be got; the ioctl hides why. */
  private static void all(CaseRun run, int flags, boolean fast) {
    long[] pages = new long[run.pages()];
    long[] one = new long[1];
    int got = 0;
    run.mm().readLock();
    while (got < pages.length) {
      long at = run.page(got);
      long result =
          fast
              ? run.machine.gupFast().get(run.mm(), at, 1, flags, one)
              : run.machine.gupSlow().get(run.mm(), at, 1, flags, one);
      if (result <= 0) {
        break;
      }
      pages[got++] = one[0];
    }
    run.mm().readUnlock();
    run.machine.pins().release(pages, got, flags, false);
    run.answer.put("gup_pages", got);
    run.putPte("pte_after", run.address);
  }
}
