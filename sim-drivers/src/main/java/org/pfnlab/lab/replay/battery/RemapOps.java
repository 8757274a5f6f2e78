package org.pfnlab.lab.replay.battery;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.vma.Mremap;

/**
 * {@code mremap:*}: resizes, moves or duplicates the mapping, then looks at the old and the new
 * place.
 *
 * @param from first page of what is moved
 * @param oldPages its length before, 0 to duplicate
 * @param newPages its length after
 * @param flags MREMAP_* bits; with MREMAP_FIXED it goes to {@link CaseRun#BASE2}
 * @param seen how many pages of the new place are looked at
 * @param grown whether the last page of the new length is new
 */
record RemapOps(long from, long oldPages, long newPages, int flags, long seen, boolean grown) {
  private static final int MAYMOVE = Mremap.MREMAP_MAYMOVE;
  private static final int FIXED = Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED;

  private interface Shape {
    RemapOps of(long pages);
  }

  static BatteryOp growInPlace() {
    return op(n -> new RemapOps(0, n, 2 * n, 0, n, true));
  }

  static BatteryOp growMayMove() {
    return op(n -> new RemapOps(0, n, 2 * n, MAYMOVE, n, true));
  }

  static BatteryOp moveFixed() {
    return op(n -> new RemapOps(0, n, n, FIXED, n, false));
  }

  static BatteryOp shrink() {
    return op(n -> new RemapOps(0, n, n / 2, 0, n / 2, false));
  }

  static BatteryOp dontUnmap() {
    return op(n -> new RemapOps(0, n, n, FIXED | Mremap.MREMAP_DONTUNMAP, n, false));
  }

  static BatteryOp duplicate() {
    return op(n -> new RemapOps(0, 0, n, MAYMOVE, n, false));
  }

  static BatteryOp growFixed() {
    return op(n -> new RemapOps(0, n, 2 * n, FIXED, n, true));
  }

  static BatteryOp moveOnePage() {
    return op(n -> new RemapOps(1, 1, 1, FIXED, 1, false));
  }

  private static BatteryOp op(Shape shape) {
    return run -> shape.of(run.pages()).perform(run);
  }

  private void perform(CaseRun run) {
    long at =
        run.machine
            .syscalls()
            .mremap(
                run.process, run.page(from), oldPages << 12, newPages << 12, flags, CaseRun.BASE2);
    if (Errno.isError(at)) {
      run.answer.put("ret", Errno.name(at));
      LookingOps.after(run);
      return;
    }
    boolean same = at == run.address;
    run.answer.put("ret", same ? "same" : "moved");
    run.putVmas("old_vmas", run.address, run.pages());
    run.putPagemap("old_pagemap", run.address, run.pages());
    if (!same) {
      run.putVmas("new_vmas", at, run.pages());
      run.putPagemap("new_pagemap", at, from == 1 ? 1 : run.pages());
    }
    run.putLoad("new_first", at);
    run.putLoad("new_last", at + ((seen - 1) << 12));
    if (grown) {
      run.putLoad("new_grown_last", at + ((newPages - 1) << 12));
    }
    if (run.asked.writable()) {
      run.putStore("new_store", at, 0xcafe);
    }
    run.putLoad("old_first", run.address);
    run.putLoad("old_last", run.lastPage());
    run.putPte("new_pte", at);
  }
}
