package org.pfnlab.lab.cli;

import java.io.PrintWriter;

/** One line on standard error that counts up, where the launcher saw a terminal there. */
final class Progress {
  private final PrintWriter err;
  private final String what;
  private final int total;
  private final boolean shown = Boolean.getBoolean("pfnlab.progress");

  Progress(PrintWriter err, String what, int total) {
    this.err = err;
    this.what = what;
    this.total = total;
  }

  void done(int count) {
    if (shown) {
      err.print("\r" + what + " " + count + " of " + total + (count == total ? "\n" : ""));
      err.flush();
    }
  }
}
