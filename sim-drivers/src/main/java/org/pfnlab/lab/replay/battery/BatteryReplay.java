package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.spec.PolicyCatalog;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.NotModelled;
import org.pfnlab.lab.verdict.Replayer;
import org.pfnlab.lab.verdict.Unjudged;

/**
 * Replays battery cases, each on a machine that has just booted, except that a warning that is
 * given once a boot is given in the first case only. The kind's name only chooses what is mapped;
 * the model sees mechanisms and operations.
 */
public final class BatteryReplay implements Replayer {
  /**
   * What lines call the kernels that they were recorded on, and the policies each was patched with.
   */
  private static final ImmutableMap<String, ImmutableList<String>> PATCHED =
      ImmutableMap.<String, ImmutableList<String>>builder()
          .put("unchanged kernel", ImmutableList.of())
          .put("policy0_control", ImmutableList.of())
          .put("B_warn", ImmutableList.of("dmabuf-warn-pfnmap"))
          .put("B_fail", ImmutableList.of("dmabuf-require-pfnmap"))
          .put("D", ImmutableList.of("dmabuf-refuse-cow", "dmabuf-require-pfnmap"))
          .put("refuse_cow_only", ImmutableList.of("dmabuf-refuse-cow"))
          .put("C_system_heap_vm_insert_page", ImmutableList.of("heap-vm-insert-page"))
          .put("C_with_B_fail", ImmutableList.of("heap-vm-insert-page", "dmabuf-require-pfnmap"))
          .put(
              "E_cma_udmabuf_pfnmap",
              ImmutableList.of("cma-udmabuf-pfnmap", "dmabuf-require-pfnmap"))
          .buildOrThrow();

  private final MachineConfig config;
  private final Judge judge;
  private final Boots boots;

  /** Replays on machines of this make. */
  public BatteryReplay(MachineConfig config, Judge judge) {
    this.config = config;
    this.judge = judge;
    this.boots = new Boots(new Kernel(config.profile()));
  }

  @Override
  public void replay(Line line) {
    BatteryCase asked = BatteryCase.of(line);
    String label = line.text("kind");
    ObjectNode expected = recorded(line, BatteryCase.INPUTS);
    if (Unjudged.isWholeCase(config.profile().version(), label, asked.operation())) {
      return;
    }
    try {
      CaseResult result = CaseExecution.run(config(line), label, asked, boots.of(line, asked));
      judge.compare(
          line,
          asked.describe(label),
          result.garbage().judged(expected),
          result.garbage().modelled(result.answer()),
          result::picture);
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
    ImmutableList<String> names = PATCHED.get(line.text("kernel"));
    if (names == null) {
      throw new NotModelled("kernel " + line.text("kernel"));
    }
    ImmutableList.Builder<Policy> policies = ImmutableList.builder();
    policies.addAll(config.policies());
    for (String name : names) {
      Policy rule = PolicyCatalog.standard().find(name);
      if (rule == null) {
        throw new IllegalStateException("policy " + name + " is gone from the catalog");
      }
      policies.add(rule);
    }
    return config.withPolicies(policies.build());
  }

  /** The recorded answer: everything but the inputs, kernel messages reduced. */
  static ObjectNode recorded(Line line, ImmutableSet<String> inputs) {
    ObjectNode expected = line.object().deepCopy();
    expected.remove(inputs);
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
