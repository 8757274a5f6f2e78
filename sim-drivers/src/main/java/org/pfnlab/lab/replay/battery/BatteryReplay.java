package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.NotModelled;
import org.pfnlab.lab.verdict.Replayer;
import org.pfnlab.lab.verdict.Unjudged;

/**
 * Replays battery cases, each on a machine that has just booted. The kind's name only chooses what
 * is mapped; the model sees mechanisms and operations.
 */
public final class BatteryReplay implements Replayer {
  private final MachineConfig config;
  private final Judge judge;

  /** Replays on machines of this make. */
  public BatteryReplay(MachineConfig config, Judge judge) {
    this.config = config;
    this.judge = judge;
  }

  @Override
  public void replay(Line line) {
    BatteryCase asked = BatteryCase.of(line);
    String label = line.text("kind");
    ObjectNode expected = expected(line);
    if (Unjudged.isWholeCase(config.profile().version(), label, asked.operation())) {
      return;
    }
    Kind kind = KindCatalog.standard().find(label);
    if (kind == null) {
      judge.cannotJudge("kind " + label);
      return;
    }
    try {
      CaseResult result = CaseExecution.run(config, kind, asked);
      judge.compare(line, asked.describe(label), expected, result.answer(), result::picture);
    } catch (NotModelled e) {
      judge.cannotJudge(e.what());
    } catch (RuntimeException e) {
      ObjectNode failure = expected.objectNode().put("model_failed", e.toString());
      judge.compare(line, asked.describe(label), expected, failure, ImmutableList::of);
    }
  }

  /** The recorded answer: everything but the inputs, kernel messages reduced. */
  private static ObjectNode expected(Line line) {
    ObjectNode expected = line.object().deepCopy();
    expected.remove(BatteryCase.INPUTS);
    Fate.unify(expected);
    JsonNode messages = expected.remove("klog");
    if (messages != null) {
      CaseExecution.putMessages(expected, texts(line, messages));
    }
    return expected;
  }

  private static List<String> texts(Line line, JsonNode messages) {
    if (!(messages instanceof ArrayNode)) {
      throw line.bad("expected an array in \"klog\"");
    }
    List<String> texts = new ArrayList<>();
    messages.forEach(message -> texts.add(message.asText()));
    return texts;
  }

  @Override
  public Judge judge() {
    return judge;
  }
}
