package org.pfnlab.core.kernel;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What the modelled kernel prints: printk lines and warnings, without time stamps. Bounded, because
 * a search runs hundreds of thousands of programs; the number of warnings is always exact.
 */
public final class KernelLog {
  private static final int KEPT = 256;

  private final List<String> lines = new ArrayList<>();
  private final Set<String> said = new HashSet<>();
  private long warnings;

  /** An ordinary message. */
  public void print(String line) {
    if (lines.size() < KEPT) {
      lines.add(line);
    }
  }

  /** A WARN_ON that fired: the kernel goes on, but says so with a stack trace. */
  public void warn(String symbol, String condition) {
    warnings++;
    print("WARNING: in " + symbol + ": " + condition);
  }

  /**
   * A WARN_ON_ONCE that fired: says so the first time since the last {@link #clear} only, and
   * returns whether this was it.
   */
  public boolean warnOnce(String symbol, String condition) {
    boolean first = said.add(symbol + ": " + condition);
    if (first) {
      warn(symbol, condition);
    }
    return first;
  }

  /** What another log has said once is not said here again: both belong to one boot. */
  public void continueFrom(KernelLog earlier) {
    said.addAll(earlier.said);
  }

  /** How many WARNs fired since the last {@link #clear}. */
  public long warnings() {
    return warnings;
  }

  /** The lines since the last {@link #clear}, oldest first. */
  public ImmutableList<String> lines() {
    return ImmutableList.copyOf(lines);
  }

  /**
   * The lines since the last {@link #clear} or readClear, as {@code dmesg --read-clear} shows them:
   * what was said once stays said, and warnings stay counted.
   */
  public ImmutableList<String> readClear() {
    ImmutableList<String> read = lines();
    lines.clear();
    return read;
  }

  /** Forgets everything, also what was said once. */
  public void clear() {
    lines.clear();
    said.clear();
    warnings = 0;
  }
}
