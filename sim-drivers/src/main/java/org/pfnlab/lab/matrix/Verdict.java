package org.pfnlab.lab.matrix;

import com.google.common.collect.ImmutableList;

/**
 * One cell: what user space sees, and how that is known.
 *
 * @param outcome {@code ok}, an error's or signal's name, {@code BUG}, {@code hang}, {@code 1/4}
 *     where only so many pages came through, {@link #WRONG_DATA}, {@link #THROUGH}, {@link
 *     #NOTHING}, or {@code open:} and an error where there is no object to map
 * @param warned whether a WARN fired meanwhile
 * @param evidence how it is known
 * @param messages what the kernel printed meanwhile
 */
public record Verdict(
    String outcome, boolean warned, Evidence evidence, ImmutableList<String> messages) {
  /** It works, and the data was the object's. */
  public static final String OK = "ok";

  /** Nothing could be done: the object is not mapped, or has nobody who could do it. */
  public static final String NOTHING = "-";

  /** It seemed to work, with other data than the object's. */
  public static final String WRONG_DATA = "wrong data";

  /** A write to a private mapping worked, and changed the object that others see. */
  public static final String THROUGH = "through";

  /** A BUG fired, or the kernel tripped over garbage and killed the task. */
  public static final String BUG = "BUG";

  /** The call never returns. */
  public static final String HANG = "hang";

  /** Whether user space sees the same, and the kernel is as silent. */
  public boolean sees(Verdict other) {
    return outcome.equals(other.outcome) && warned == other.warned;
  }

  /** Outcome, and {@code !} for a WARN. */
  public String seen() {
    return warned ? outcome + "!" : outcome;
  }

  /** Outcome with all its marks. */
  public String text() {
    return outcome.equals(NOTHING) ? seen() : seen() + evidence.mark();
  }
}
