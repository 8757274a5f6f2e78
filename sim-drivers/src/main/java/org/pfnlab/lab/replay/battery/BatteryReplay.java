package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.spec.PolicyCatalog;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.NotModelled;
import org.pfnlab.lab.verdict.Replayer;
import org.pfnlab.lab.verdict.Unjudged;

/**
 * Replays battery cases, each on a machine that has just booted. The kind's name only chooses what
 * is mapped; the model sees mechanisms and operations.
 */
public final class BatteryReplay implements Replayer {
  /**
   * What lines call the kernels that they were recorded on, and the policy each was patched with.
   */
  private static final ImmutableMap<String, String> PATCHED =
      ImmutableMap.of(
          "unchanged kernel", "", "C_system_heap_vm_insert_page", "heap-vm-insert-page");

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
    try {
      CaseResult result = CaseExecution.run(config(line), label, asked);
      ObjectNode got = result.answer();
      if (result.falsePin()) {
        expected = onlyWhetherGranted(expected);
        got = granted(true);
      }
      judge.compare(line, asked.describe(label), expected, got, result::picture);
    } catch (NotModelled e) {
      judge.cannotJudge(e.what());
    } catch (RuntimeException e) {
      ObjectNode failure = expected.objectNode().put("model_failed", e.toString());
      judge.compare(line, asked.describe(label), expected, failure, ImmutableList::of);
    }
  }

  /** The machine of this line; some sets were recorded on kernels patched with a policy. */
  private MachineConfig config(Line line) {
    if (!line.has("kernel")) {
      return config;
    }
    String policy = PATCHED.get(line.text("kernel"));
    if (policy == null) {
      throw new NotModelled("kernel " + line.text("kernel"));
    }
    if (policy.isEmpty()) {
      return config;
    }
    Policy rule = PolicyCatalog.standard().find(policy);
    if (rule == null) {
      throw new IllegalStateException("policy " + policy + " is gone from the catalog");
    }
    return config.withPolicies(
        ImmutableList.<Policy>builder().addAll(config.policies()).add(rule).build());
  }

  /** What can be judged of a pin that was granted without a page: that it was granted. */
  private static ObjectNode onlyWhetherGranted(ObjectNode expected) {
    boolean refused =
        expected.path("ret").asText().equals("EFAULT")
            || (expected.has("gup_pages") && expected.path("gup_pages").asInt() == 0);
    return granted(!refused);
  }

  private static ObjectNode granted(boolean granted) {
    return JsonNodeFactory.instance.objectNode().put("pin_granted", granted);
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
