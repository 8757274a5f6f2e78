package org.pfnlab.lab.verdict;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import java.util.function.Supplier;
import org.pfnlab.lab.recording.Line;

/** Compares answers and keeps the tally of one recording. */
public final class Judge {
  private final Tally tally = new Tally();
  private final String kernel;
  private final boolean stopAtFirst;

  /**
   * A judge of answers given by this kernel.
   *
   * @param kernel its spec, as mismatches print it
   * @param stopAtFirst whether the first mismatch ends the recording
   */
  public Judge(String kernel, boolean stopAtFirst) {
    this.kernel = kernel;
    this.stopAtFirst = stopAtFirst;
  }

  /**
   * Compares one answer, field by field.
   *
   * @param operation the operation with its inputs, in one line
   * @param picture the address space after it; drawn only for a mismatch
   */
  public void compare(
      Line line,
      String operation,
      JsonNode expected,
      JsonNode got,
      Supplier<ImmutableList<String>> picture) {
    compare(line.file(), line.number(), operation, expected, got, picture);
  }

  /**
   * Compares one answer, field by field.
   *
   * @param operation writes the operation with its inputs in one line; asked only for a mismatch
   * @param picture the address space after it; drawn only for a mismatch
   */
  public void compare(
      Line line,
      Supplier<String> operation,
      JsonNode expected,
      JsonNode got,
      Supplier<ImmutableList<String>> picture) {
    if (Difference.isNone(expected, got)) {
      tally.match();
    } else {
      compare(line, operation.get(), expected, got, picture);
    }
  }

  /**
   * Compares one answer, field by field.
   *
   * @param file the recording as the user named it
   * @param line where in it, counted from 1
   * @param operation the operation with its inputs, in one line
   * @param picture the address space after it; drawn only for a mismatch
   */
  public void compare(
      String file,
      long line,
      String operation,
      JsonNode expected,
      JsonNode got,
      Supplier<ImmutableList<String>> picture) {
    ImmutableList<Difference> differences = Difference.between(expected, got);
    if (differences.isEmpty()) {
      tally.match();
    } else {
      tally.mismatch(
          new Mismatch(file, line, kernel, operation, expected, got, differences, picture.get()));
    }
  }

  /** An operation that the model cannot be asked yet. */
  public void cannotJudge(String reason) {
    tally.cannotJudge(reason, 1);
  }

  /** Whether the rest of the recording is wanted. */
  public boolean isDone() {
    return stopAtFirst && tally.mismatched() > 0;
  }

  /** What came of it so far. */
  public Tally tally() {
    return tally;
  }
}
