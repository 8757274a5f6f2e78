package org.pfnlab.lab.replay.battery;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.task.Process;

/**
 * {@code fork} and its relatives: the child touches page 0, the parent looks, stores to the last
 * page, the child looks at that, and exits.
 */
final class ForkOps {
  private ForkOps() {}

  /** {@code fork_after_*}. */
  static BatteryOp afterAdvice(int advice) {
    return run -> {
      run.putResult("madvise", RangeOps.advise(run, advice));
      fork(run);
    };
  }

  /** {@code fork}. */
  static void fork(CaseRun run) {
    run.putPte("parent_pte_before", run.address);
    Process parent = run.process;
    long forked = run.machine.syscalls().fork(parent);
    if (Errno.isError(forked)) {
      run.answer.put("fork", Errno.name(forked));
      run.putVmas("vmas", run.address, run.pages());
      run.putLoad("parent_load_after", run.address);
      return;
    }
    run.answer.put("fork", "ok");
    Process child = run.machine.processes().get((int) forked);
    run.process = child;
    childTouches(run);
    run.process = parent;
    run.putPte("parent_pte_after_fork", run.address);
    run.putLoad("parent_load_first_after_child_store", run.address);
    if (run.asked.writable()) {
      run.putStore("parent_store_last", run.lastPage(), 0xda7a);
    }
    run.process = child;
    run.putLoad("child_load_last_after_parent_store", run.lastPage());
    run.machine.syscalls().exit(child);
    run.process = parent;
    run.putLoad("parent_load_first_end", run.address);
    run.putStore("parent_store_first_after_exit", run.address, 0xe4d);
    run.putLoad("parent_reload_end", run.address);
    run.putPte("parent_pte_end", run.address);
  }

  private static void childTouches(CaseRun run) {
    run.putPagemap("child_pagemap_at_start", run.address, run.pages());
    run.putPte("child_pte_at_start", run.address);
    run.putVmas("child_vmas", run.address, run.pages());
    run.putLoad("child_load_first", run.address);
    run.putStore("child_store_first", run.address, 0xc41d);
    run.putLoad("child_reload_first", run.address);
    run.putPte("child_pte_after_store", run.address);
  }
}
