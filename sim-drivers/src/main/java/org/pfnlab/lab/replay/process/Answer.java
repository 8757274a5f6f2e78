package org.pfnlab.lab.replay.process;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.task.Outcome;

/** Answers in the recorder's words. */
final class Answer {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private Answer() {}

  /** An answer without fields yet. */
  static ObjectNode empty() {
    return JSON.objectNode();
  }

  /** Success. */
  static ObjectNode ok() {
    return empty().put("ok", true);
  }

  /** A failure; the error may be negated. */
  static ObjectNode err(long errno) {
    return empty().put("err", Errno.name(errno));
  }

  /** Success, or a failure with this -errno. */
  static ObjectNode okOrErr(long result) {
    return Errno.isError(result) ? err(result) : ok();
  }

  /** A number of bytes, or a failure with this -errno. */
  static ObjectNode count(long result) {
    return Errno.isError(result) ? err(result) : empty().put("n", result);
  }

  /**
   * A number of bytes with the first byte of each page among them, or a failure.
   *
   * @param address where the bytes were, which tells where pages begin
   * @param bytes what came from there
   */
  static ObjectNode bytes(long result, long address, byte[] bytes) {
    ObjectNode answer = count(result);
    if (result >= 0) {
      ArrayNode firsts = answer.putArray("v");
      for (long at = address; at < address + result; at = (at & ~0xfffL) + 4096) {
        firsts.add(bytes[(int) (at - address)] & 0xff);
      }
    }
    return answer;
  }

  /** A load's value, or the signal that it raised; {@code UserAccess} codes. */
  static ObjectNode load(long result) {
    return result >= 0 ? empty().put("v", result) : signal(result);
  }

  /** A store or jump that worked, or the signal that it raised. */
  static ObjectNode touch(long result) {
    return result >= 0 ? ok() : signal(result);
  }

  private static ObjectNode signal(long result) {
    Outcome outcome = Outcome.ofAccess(result);
    return empty().put(outcome instanceof Outcome.Signal ? "sig" : "fate", outcome.toString());
  }
}
