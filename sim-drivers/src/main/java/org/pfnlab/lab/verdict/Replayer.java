package org.pfnlab.lab.verdict;

import org.pfnlab.lab.recording.Line;

/** Takes the lines of one recording in order, has its model do what they say, and judges it. */
public interface Replayer {
  /** The next line. */
  void replay(Line line);

  /** What came of the lines so far. */
  Judge judge();
}
