package org.pfnlab.lab.replay.battery;

import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.kernel.KernelLog;

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

  /** The test module warns of a page that does not look pinned, as the zero page. */
  private static void verifyPinned(CaseRun run, long[] pages, int got) {
    for (int i = 0; i < got; i++) {
      if (!run.machine.frames().maybePinned(pages[i])) {
        KernelLog log = run.machine.kernel().log();
        log.print("pages[" + i + "] is NOT dma-pinned");
        log.warn("verify_dma_pinned", "a pinned page does not look like one");
        return;
      }
    }
  }

  private static void all(CaseRun run, int flags, boolean fast) {
    run.answer.put("gup_pages", got(run, flags, fast));
    run.putPte("pte_after", run.address);
  }

  /** Stops at the first page that cannot be got; the ioctl hides why. Returns how many it got. */
  static int got(CaseRun run, int flags, boolean fast) {
    long[] pages = new long[run.pages()];
    long[] one = new long[1];
    int got = 0;
    run.mm().readLock();
    while (got < pages.length) {
      long at = run.page(got);
      one[0] = Pins.GARBAGE;
      long result =
          fast
              ? run.machine.gupFast().get(run.mm(), at, 1, flags, one)
              : run.machine.gupSlow().get(run.mm(), at, 1, flags, one);
      if (result <= 0) {
        break;
      }
      if (one[0] == Pins.GARBAGE) {
        throw new FalsePin();
      }
      pages[got++] = one[0];
    }
    run.mm().readUnlock();
    if ((flags & PIN) != 0) {
      verifyPinned(run, pages, got);
    }
    run.machine.pins().release(pages, got, flags, false);
    return got;
  }
}
