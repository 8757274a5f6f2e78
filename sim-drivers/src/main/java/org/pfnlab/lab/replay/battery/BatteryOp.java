package org.pfnlab.lab.replay.battery;

/** What a case does once its object is mapped and its pages are prepared. */
@FunctionalInterface
interface BatteryOp {
  /** Does it and fills in the answer. */
  void run(CaseRun run);
}
