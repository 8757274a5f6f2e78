package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.NotModelled;
import org.pfnlab.lab.verdict.Replayer;

/**
 * Replays the cases about memory types: {@code test:"pair"}, two mappings of one BAR, and {@code
 * test:"life"}, one mapping through its life. All cases of a recording share one boot, those that
 * the recording program ran in between and that are not in the file included; a case that comes
 * before the last one in the program's order begins another boot.
 */
public final class MemtypeReplay implements Replayer {
  /** Physical addresses in messages: those in the BAR are judged, the others belong to one boot. */
  private static final Pattern RANGE =
      Pattern.compile("\\b(?:0x)?([0-9a-f]{8,16})-(?:0x)?([0-9a-f]{8,16})\\b");

  private final MachineConfig config;
  private final Judge judge;
  private MemtypeBoot boot;
  private int next;

  /** Replays on machines of this make. */
  public MemtypeReplay(MachineConfig config, Judge judge) {
    this.config = config;
    this.judge = judge;
    this.boot = new MemtypeBoot(config);
  }

  @Override
  public void replay(Line line) {
    MemtypeCase asked = MemtypeCase.of(line);
    ObjectNode expected = line.object().deepCopy();
    expected.remove(MemtypeCase.INPUTS);
    Fate.unify(expected);
    reduceMessages(line, expected);
    try {
      catchUp(asked);
      ObjectNode got = boot.run(asked);
      reduceMessages(line, got);
      judge.compare(line, asked.describe(), expected, got, boot::reservations);
    } catch (NotModelled e) {
      judge.cannotJudge(e.what());
    } catch (RuntimeException e) {
      ObjectNode failure = expected.objectNode().put("model_failed", e.toString());
      judge.compare(line, asked.describe(), expected, failure, ImmutableList::of);
      reboot();
    }
  }

  /** Runs what the recording program ran between the last line and this one. */
  private void catchUp(MemtypeCase asked) {
    int place = MemtypeProgram.placeOf(asked);
    if (place < 0) {
      return;
    }
    if (place < next) {
      reboot();
    }
    for (MemtypeCase between : MemtypeProgram.cases().subList(next, place)) {
      try {
        boot.run(between);
      } catch (NotModelled e) {
        // it would have been counted as not judged if it were in the file
      }
    }
    next = place + 1;
  }

  private void reboot() {
    boot = new MemtypeBoot(config);
    next = 0;
  }

  private void reduceMessages(Line line, ObjectNode answer) {
    JsonNode messages = answer.remove("klog");
    if (messages == null) {
      return;
    }
    if (!(messages instanceof ArrayNode)) {
      throw line.bad("expected an array in \"klog\"");
    }
    List<String> texts = new ArrayList<>();
    messages.forEach(message -> texts.add(message.asText()));
    CaseExecution.putMessages(answer, texts);
    ArrayNode ranges = answer.putArray("klog_bar_ranges");
    texts.forEach(text -> addRanges(text, ranges));
  }

  private void addRanges(String text, ArrayNode ranges) {
    Bar bar = boot.bar();
    for (Matcher range = RANGE.matcher(text); range.find(); ) {
      if (bar.contains(Long.parseUnsignedLong(range.group(1), 16) >>> 12)) {
        ranges.add(range.group(1) + "-" + range.group(2));
      }
    }
  }

  @Override
  public Judge judge() {
    return judge;
  }
}
