package org.pfnlab.lab.replay.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.NotModelled;
import org.pfnlab.lab.verdict.Replayer;

/**
 * Replays a recording of process-side operations (format 1). Labels (name, note, kind of set,
 * profile, seed) stop here: the subject sees operations and their inputs.
 *
 * <p>After an operation that is not modelled, or at which the model itself failed, the state is no
 * longer that of the recording; the rest is counted as not judged.
 */
public final class ProcessReplay implements Replayer {
  /** What became of a page is only known to whoever may see frame numbers. */
  private static final ImmutableList<String> UNSEEN = ImmutableList.of("tr", "same");

  private final Subject subject;
  private final Window window;
  private final Judge judge;
  private final boolean masked;
  private final boolean seesFrames;
  private long sequence = -1;
  private @Nullable String lost;

  ProcessReplay(Line header, Subject subject, Window window, Judge judge) {
    this.subject = subject;
    this.window = window;
    this.judge = judge;
    if (header.integer("format") != 1) {
      throw header.bad("expected \"format\" 1");
    }
    if (header.integer("page", 4096) != 4096 || header.integer("window", Window.PAGES) != 4096) {
      throw header.bad("expected pages of 4096 bytes in a window of 4096 pages");
    }
    this.seesFrames = !header.has("frames") || header.required("frames").asBoolean();
    this.masked = header.has("masked") && header.required("masked").asBoolean();
  }

  @Override
  public void replay(Line line) {
    OperationShape.check(line);
    if (line.integer("i") <= sequence) {
      throw line.bad("expected \"i\" above " + sequence);
    }
    sequence = line.integer("i");
    if (lost != null) {
      judge.cannotJudge(lost);
      return;
    }
    Operation operation = new Operation(line, window);
    ObjectNode expected = line.node("r");
    try {
      ObjectNode got = subject.perform(operation);
      if (!seesFrames) {
        got.remove(UNSEEN);
      }
      judge.compare(
          line,
          operation::toString,
          expected,
          masked ? maskLike(expected, got) : got,
          () -> subject.picture(operation));
    } catch (NotModelled e) {
      judge.cannotJudge(e.what());
      lost = "after " + e.what();
    } catch (BadInput e) {
      throw e;
    } catch (RuntimeException e) {
      ObjectNode failure = expected.objectNode().put("model_failed", e.toString());
      judge.compare(line, operation.toString(), expected, failure, ImmutableList::of);
      lost = "after a failure of the model";
    }
  }

  /** Kernel-owned bytes were replaced by null when they were recorded; so are ours. */
  private static ObjectNode maskLike(ObjectNode expected, ObjectNode got) {
    JsonNode recorded = expected.get("v");
    if (recorded != null && recorded.isNull() && got.has("v")) {
      got.putNull("v");
    } else if (recorded instanceof ArrayNode && got.get("v") instanceof ArrayNode bytes) {
      for (int i = 0; i < bytes.size(); i++) {
        if (recorded.has(i) && recorded.get(i).isNull()) {
          bytes.setNull(i);
        }
      }
    }
    return got;
  }

  /** Why the state is no longer that of the recording; null while it is. */
  @Nullable String lost() {
    return lost;
  }

  @Override
  public Judge judge() {
    return judge;
  }
}
