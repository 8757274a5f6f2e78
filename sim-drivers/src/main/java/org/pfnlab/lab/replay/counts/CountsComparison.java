package org.pfnlab.lab.replay.counts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableSet;
import java.util.Map;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.verdict.FunctionAgreement;

/** The recorded and the modelled counts of one operation, side by side. */
final class CountsComparison {
  static final String NODES = "iomem_nodes_visited";

  private final CountedSymbols symbols = CountedSymbols.standard();
  private final CountedSymbols.Traced traced;
  private final FunctionAgreement functions;

  final ObjectNode expected = JsonNodeFactory.instance.objectNode();
  final ObjectNode got = JsonNodeFactory.instance.objectNode();

  /**
   * An empty comparison.
   *
   * @param traced the symbols that the recording's kernel could trace
   * @param functions hears of every function
   */
  CountsComparison(CountedSymbols.Traced traced, FunctionAgreement functions) {
    this.traced = traced;
    this.functions = functions;
  }

  /** Adds the counts of a line and its visited nodes. */
  void put(Line line, EventCounts modelled) {
    put(line, modelled, MissingNode.getInstance(), EventCounts.NONE, false);
  }

  /**
   * Adds the counts of a line, less those of a control, and its visited nodes.
   *
   * @param control recorded counts of the same operation without its subject
   * @param modelledControl what the model counted for the control
   * @param endedEarly whether the operation failed half-way; then functions that the control calls
   *     too cannot be told from its own
   */
  void put(
      Line line,
      EventCounts modelled,
      JsonNode control,
      EventCounts modelledControl,
      boolean endedEarly) {
    JsonNode counts = line.node("counts");
    EventCounts difference = modelled.less(modelledControl);
    for (CountedSymbols.Row row : symbols.rows()) {
      Long recorded = row.recorded(counts, traced);
      Long own = row.recorded(control, traced);
      long subtracted = own == null ? 0 : own;
      if (recorded == null || (endedEarly && subtracted != 0)) {
        continue;
      }
      String reason = symbols.reasonToLeaveOut(row, line.text("op"));
      if (reason == null && endedEarly) {
        reason = symbols.reasonToLeaveOut(row, "failed-" + line.text("op"));
      }
      if (reason != null && recorded - subtracted != 0) {
        functions.leftOut(row.name() + " of " + line.text("op"), reason);
      }
      if (reason != null) {
        continue;
      }
      long modelledCalls = row.modelled(difference);
      expected.put(row.name(), recorded - subtracted);
      got.put(row.name(), modelledCalls);
      functions.compared(row.name(), recorded - subtracted, modelledCalls);
    }
    for (Map.Entry<String, JsonNode> count : counts.properties()) {
      String reason = symbols.reasonToLeaveOut(count.getKey());
      if (reason != null && count.getValue().asLong() != 0) {
        functions.leftOut(count.getKey(), reason);
      }
    }
    if (!line.required(NODES).isNull()) {
      expected.put(NODES, line.integer(NODES));
      got.put(NODES, modelled.of(ResourceTree.NODE_VISITED));
    }
  }

  /** Takes back what is left to chance in this operation. */
  void leaveOut(ImmutableSet<String> names) {
    expected.remove(names);
    got.remove(names);
  }
}
