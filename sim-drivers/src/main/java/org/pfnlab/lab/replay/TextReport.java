package org.pfnlab.lab.replay;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.verdict.Difference;
import org.pfnlab.lab.verdict.Mismatch;
import org.pfnlab.lab.verdict.Tally;

/**
 * The report for people: every mismatch as a paragraph, then the tally, whose last line is {@code N
 * matched, M mismatched}.
 */
public final class TextReport implements ReplayReport {
  private static final int LONGEST_ANSWER = 200;

  private final PrintWriter out;

  /** A report that is printed here. */
  public TextReport(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void mismatch(Mismatch mismatch) {
    print(
        mismatch.file()
            + ":"
            + mismatch.line()
            + ": "
            + mismatch.operation()
            + "  ["
            + mismatch.kernel()
            + "]");
    print("  expected " + cut(mismatch.expected()));
    print("  got      " + cut(mismatch.got()));
    for (Difference difference : mismatch.differences()) {
      print(
          "  differs  "
              + difference.path()
              + ": expected "
              + cut(difference.expected())
              + ", got "
              + cut(difference.got()));
    }
    mismatch.picture().forEach(line -> print("    " + line));
    print("");
  }

  @Override
  public void end(Tally total) {
    if (!total.notJudged().isEmpty()) {
      long all = 0;
      StringJoiner reasons = new StringJoiner(", ");
      for (Map.Entry<String, Long> reason : total.notJudged().entrySet()) {
        all += reason.getValue();
        reasons.add(reason.getValue() + " " + reason.getKey());
      }
      print(all + " not judged: " + reasons);
    }
    print(total.matched() + " matched, " + total.mismatched() + " mismatched");
    out.flush();
  }

  private static String cut(@Nullable JsonNode answer) {
    if (answer == null) {
      return "nothing";
    }
    String text = answer.toString();
    return text.length() <= LONGEST_ANSWER
        ? text
        : text.substring(0, LONGEST_ANSWER) + "... (" + text.length() + " characters)";
  }

  private void print(String line) {
    out.print(line + "\n");
  }
}
