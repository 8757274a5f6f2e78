package org.pfnlab.lab.replay.battery;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.vma.MapFlags;

/** Looking, loading and storing. */
final class LookingOps {
  private LookingOps() {}

  /** {@code state}. */
  static void state(CaseRun run) {
    run.putVmas("vmas", run.address, run.pages());
    run.putPagemap("pagemap", run.address, run.pages());
    run.putPte("pte_first", run.address);
    run.putPte("pte_last", run.lastPage());
  }

  /** {@code access}: loads and stores at both ends, then what the object itself holds. */
  static void access(CaseRun run) {
    run.putLoad("load_first", run.address);
    run.putLoad("load_last", run.lastPage());
    run.putPte("pte_after_load", run.address);
    run.putStore("store_first", run.address, 0xabc1);
    run.putStore("store_last", run.lastPage(), 0xabc2);
    run.putPte("pte_after_store", run.address);
    run.putLoad("reload_first", run.address);
    run.putLoad("reload_last", run.lastPage());
    run.putLoad("load_past_end", run.page(run.pages()));
    if (run.object != null) {
      objectView(run);
    }
    run.putPagemap("pagemap", run.address, run.pages());
    run.putVmas("vmas", run.address, run.pages());
  }

  private static void objectView(CaseRun run) {
    long view = run.mmap(0, run.length(), MapFlags.PROT_READ, MapFlags.MAP_SHARED, 0);
    if (Errno.isError(view)) {
      run.answer.put("object_view", Errno.name(view));
      return;
    }
    run.putLoad("object_first", view);
    run.putLoad("object_last", view + run.length() - 4096);
  }

  /** Looks at everything after a call that may have changed it. */
  static void after(CaseRun run) {
    run.putVmas("vmas", run.address, run.pages());
    run.putPagemap("pagemap", run.address, run.pages());
    run.putLoad("reload_first", run.address);
    run.putLoad("reload_last", run.lastPage());
  }
}
