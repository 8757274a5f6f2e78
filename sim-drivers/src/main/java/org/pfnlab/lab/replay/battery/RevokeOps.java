package org.pfnlab.lab.replay.battery;

import org.pfnlab.drivers.kind.ObjectUnderTest;

/** {@code revoke} and {@code revoke_even_cows}: the driver takes its object away. */
final class RevokeOps {
  private RevokeOps() {}

  /** unmap_mapping_range over the driver's whole file, then touching again. */
  static BatteryOp revoke(boolean evenCows) {
    return run -> {
      ObjectUnderTest object = run.object;
      if (object == null) {
        throw new IllegalStateException("anonymous memory has no owner that could revoke it");
      }
      run.putResult("ret", object.revoke(evenCows));
      run.putPagemap("pagemap_after_revoke", run.address, run.pages());
      run.putVmas("vmas", run.address, run.pages());
      run.putPte("pte_after_revoke", run.address);
      run.putLoad("reload_first", run.address);
      run.putLoad("reload_last", run.lastPage());
      if (run.asked.writable()) {
        run.putStore("store_first", run.address, 0xfeed);
      }
      run.putPagemap("pagemap_after_reload", run.address, run.pages());
      run.putPte("pte_after_reload", run.address);
    };
  }
}
