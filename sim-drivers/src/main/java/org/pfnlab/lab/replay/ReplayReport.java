package org.pfnlab.lab.replay;

import org.pfnlab.lab.verdict.Mismatch;
import org.pfnlab.lab.verdict.Tally;

/** Tells somebody how a replay goes. */
public interface ReplayReport {
  /** An answer differs; called as recordings are finished, in their order. */
  void mismatch(Mismatch mismatch);

  /** All is done. */
  void end(Tally total);
}
