package org.pfnlab.lab.replay;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import org.pfnlab.lab.verdict.Difference;
import org.pfnlab.lab.verdict.FunctionAgreement;
import org.pfnlab.lab.verdict.Mismatch;
import org.pfnlab.lab.verdict.Tally;

/**
 * The report for programs: one JSON object a line, first the mismatches, {@code
 * {"mismatch":{...}}}, and last {@code {"matched":N,"mismatched":M,"not_judged":{REASON:COUNT}}},
 * with {@code functions} and {@code functions_not_compared} where calls were counted.
 */
public final class JsonReport implements ReplayReport {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final PrintWriter out;

  /** A report that is printed here. */
  public JsonReport(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void mismatch(Mismatch mismatch) {
    ObjectNode line = JSON.createObjectNode();
    ObjectNode object = line.putObject("mismatch");
    object.put("file", mismatch.file());
    object.put("line", mismatch.line());
    object.put("kernel", mismatch.kernel());
    object.put("operation", mismatch.operation());
    object.set("expected", mismatch.expected());
    object.set("got", mismatch.got());
    ArrayNode differences = object.putArray("differences");
    for (Difference difference : mismatch.differences()) {
      ObjectNode place = differences.addObject();
      place.put("path", difference.path());
      place.set("expected", difference.expected());
      place.set("got", difference.got());
    }
    ArrayNode picture = object.putArray("picture");
    mismatch.picture().forEach(picture::add);
    print(line);
  }

  @Override
  public void end(Tally total) {
    ObjectNode line = JSON.createObjectNode();
    line.put("matched", total.matched());
    line.put("mismatched", total.mismatched());
    ObjectNode reasons = line.putObject("not_judged");
    total.notJudged().forEach(reasons::put);
    FunctionAgreement functions = total.functions();
    if (!functions.isEmpty()) {
      ObjectNode compared = line.putObject("functions");
      functions
          .compared()
          .forEach(
              (name, agreement) ->
                  compared
                      .putObject(name)
                      .put("operations", agreement.operations())
                      .put("differing", agreement.differing())
                      .put("calls", agreement.calls()));
      ObjectNode leftOut = line.putObject("functions_not_compared");
      functions
          .leftOut()
          .forEach(
              (name, left) ->
                  leftOut
                      .putObject(name)
                      .put("operations", left.operations())
                      .put("reason", left.reason()));
    }
    print(line);
    out.flush();
  }

  private void print(ObjectNode line) {
    out.print(line + "\n");
  }
}
