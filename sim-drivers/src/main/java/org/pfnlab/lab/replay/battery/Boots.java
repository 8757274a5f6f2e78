package org.pfnlab.lab.replay.battery;

import java.util.HashMap;
import java.util.Map;
import org.pfnlab.core.gup.FollowPage;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelLog;
import org.pfnlab.lab.recording.Line;

/**
 * Which cases ran in one boot, so that a WARN_ON_ONCE that one of them met is silent in the next. A
 * file is one boot, with two exceptions: kernels patched with different rules, and the users of
 * FOLL_PIN on kernels where these may do damage, which had boots of their own.
 */
final class Boots {
  private final boolean pinsDoDamage;
  private final Map<String, KernelLog> logs = new HashMap<>();

  /** The boots of this kernel. */
  Boots(Kernel kernel) {
    this.pinsDoDamage = !kernel.has(FollowPage.GUP_RETURNS_EEXIST);
  }

  /** What was said once before this case. */
  KernelLog of(Line line, BatteryCase asked) {
    String boot = line.text("kernel", "");
    if (pinsDoDamage && isPinUser(asked.operation())) {
      boot += " " + asked.operation() + " " + asked.shared() + " " + asked.writable();
    }
    return logs.computeIfAbsent(boot, booted -> new KernelLog());
  }

  private static boolean isPinUser(String operation) {
    return operation.startsWith("process_vm_")
        || operation.startsWith("gup_test:pin_")
        || operation.equals("iouring_register_buffers");
  }
}
