package org.pfnlab.lab.replay.battery;

import org.pfnlab.core.task.Futexes;
import org.pfnlab.core.task.RegisteredBuffers;

/** Calls that keep hold of pages, or name something by the page behind an address. */
final class PinOps {
  /** No page holds this word. */
  private static final int WRONG_VALUE = 0x12345679;

  private PinOps() {}

  /** {@code iouring_register_buffers}. */
  static void register(CaseRun run) {
    RegisteredBuffers buffers = run.machine.registeredBuffers();
    RegisteredBuffers.Ring ring = buffers.setup();
    long failed = buffers.register(run.mm(), ring, run.address, run.length());
    run.putResult("ret", failed);
    run.putPte("pte_after", run.address);
    buffers.close(ring);
  }

  /** {@code futex_shared} and {@code futex_private}. */
  static BatteryOp futex(boolean isPrivate) {
    return run -> {
      Futexes futexes = run.machine.futexes();
      run.putResult(
          "wait_wrong_value", futexes.wait(run.process, run.address, WRONG_VALUE, isPrivate));
      run.putResult("wake", futexes.wake(run.process, run.address, 1, isPrivate));
      run.putPte("pte_after", run.address);
    };
  }
}
