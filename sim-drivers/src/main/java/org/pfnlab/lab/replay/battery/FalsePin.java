package org.pfnlab.lab.replay.battery;

/**
 * A pin was granted for a page that was never stored. What the caller does with the garbage nobody
 * can tell; that it was not refused is what can be judged.
 */
final class FalsePin extends RuntimeException {
  private static final long serialVersionUID = 1L;

  FalsePin() {
    super("a pin was granted without a page", null, false, false);
  }
}
