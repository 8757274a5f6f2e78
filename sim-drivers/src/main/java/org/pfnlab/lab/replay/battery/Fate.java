package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;

/**
 * How a case ends that does not end by itself. The recordings tell it in several fields, which
 * differ between sets; here it is one word in the field {@code fate}.
 */
final class Fate {
  /** A task that died in a BUG with mmap_lock held for reading cannot exit, it waits for itself. */
  static final Feature EXIT_MMAP_WRITE_LOCKS =
      Feature.define(
          "EXIT_MMAP_WRITE_LOCKS",
          "bf3980c85212, v6.0: exit_mmap takes mmap_lock for writing",
          Releases.since("v6.0"));

  /** make_task_dead(SIGSEGV), which is what a BUG ends in. */
  private static final String KILLED_BY_BUG = "killed by 11";

  private static final String HANGS = "hangs";
  private static final String SPINS = "spins";

  /** Fields that say that not even a kill ended it. */
  private static final ImmutableList<String> HANGING =
      ImmutableList.of("case_hung", "case_hung_unkillable", "machine_stopped");

  private Fate() {}

  /** The fate of a task that dies in a BUG in the middle of a fault or an mmap. */
  static String ofBug(Kernel kernel) {
    return kernel.has(EXIT_MMAP_WRITE_LOCKS) ? HANGS : KILLED_BY_BUG;
  }

  /** The fate of a task that spins in the kernel until somebody kills it. */
  static String ofEndlessLoop() {
    return SPINS;
  }

  /** Replaces what a recording says about it by the one field. */
  static void unify(ObjectNode recorded) {
    JsonNode signal = recorded.remove("case_killed_by");
    JsonNode state = recorded.remove("hung_task_state");
    boolean hung = false;
    for (String field : HANGING) {
      hung |= recorded.remove(field) != null;
    }
    boolean killed = recorded.remove("case_hung_killed_after_4s") != null;
    if (signal != null) {
      recorded.put("fate", "killed by " + signal.asText());
    } else if (hung) {
      recorded.put("fate", HANGS);
    } else if (killed) {
      recorded.put("fate", state != null && state.asText().equals("R") ? SPINS : HANGS);
    }
  }
}
