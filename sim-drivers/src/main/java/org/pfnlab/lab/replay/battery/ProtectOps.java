package org.pfnlab.lab.replay.battery;

/** {@code mprotect:*}. */
final class ProtectOps {
  private ProtectOps() {}

  /** The whole mapping. */
  static BatteryOp whole(int prot) {
    return run -> {
      run.putResult(
          "ret", run.machine.syscalls().mprotect(run.process, run.address, run.length(), prot));
      run.putPte("pte_after", run.address);
      run.putVmas("vmas", run.address, run.pages());
      run.putLoad("load", run.address);
      run.putStore("store", run.address, 0xbead);
      run.putLoad("reload", run.address);
      run.putPte("pte_end", run.address);
    };
  }

  /** The second page only. */
  static BatteryOp secondPage(int prot) {
    return run -> {
      run.putResult("ret", run.machine.syscalls().mprotect(run.process, run.page(1), 4096, prot));
      run.putVmas("vmas", run.address, run.pages());
      run.putLoad("load_page1", run.page(1));
      run.putLoad("load_last", run.lastPage());
    };
  }
}
