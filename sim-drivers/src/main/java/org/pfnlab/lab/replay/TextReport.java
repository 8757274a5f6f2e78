package org.pfnlab.lab.replay;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.print.TextTable;
import org.pfnlab.lab.verdict.Difference;
import org.pfnlab.lab.verdict.FunctionAgreement;
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
    functions(total.functions());
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

  private void functions(FunctionAgreement functions) {
    if (functions.isEmpty()) {
      return;
    }
    Table.Builder compared =
        Table.of(
            Column.words("function", "function"),
            Column.figures("operations", "operations"),
            Column.figures("differing", "differing"),
            Column.figures("calls", "calls"));
    functions
        .compared()
        .forEach(
            (name, agreement) ->
                compared.row(
                    Cell.of(name),
                    Cell.count(agreement.operations()),
                    Cell.count(agreement.differing()),
                    Cell.count(agreement.calls())));
    print(TextTable.print(compared.build(), false));
    Table.Builder leftOut =
        Table.of(
            Column.words("not compared", "function"),
            Column.figures("operations", "operations"),
            Column.words("because", "reason"));
    functions
        .leftOut()
        .forEach(
            (name, left) ->
                leftOut.row(Cell.of(name), Cell.count(left.operations()), Cell.of(left.reason())));
    print(TextTable.print(leftOut.build(), false));
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
