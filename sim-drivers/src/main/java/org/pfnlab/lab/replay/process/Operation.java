package org.pfnlab.lab.replay.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.spec.Nearest;

/**
 * One operation and its inputs, with the defaults of the recording format: page 0, offset 0, one
 * page, process p0. Neither the recording's labels nor its answers are in here.
 */
final class Operation {
  private static final ImmutableMap<String, Integer> PROT =
      ImmutableMap.of("r", 1, "w", 2, "x", 4, "d", 0x0100_0000, "u", 0x0200_0000, "?", 0x100);

  private final Line line;
  private final Window window;
  private final String name;

  Operation(Line line, Window window) {
    this.line = line;
    this.window = window;
    this.name = line.text("op");
  }

  /** What is done. */
  String name() {
    return name;
  }

  /** Whether an input is given. */
  boolean has(String input) {
    return line.has(input);
  }

  /** A name: handle, object, pipe, process. */
  String text(String input) {
    return line.text(input);
  }

  /** A name, or null where the input is absent. */
  @Nullable String textOrNull(String input) {
    return line.textOrNull(input);
  }

  /** A whole number, or the default where the input is absent. */
  long integer(String input, long otherwise) {
    return line.integer(input, otherwise);
  }

  /** The process that is acted on. */
  String process() {
    return line.text("p", "p0");
  }

  /** First byte: {@code rawaddr}, or {@code page} and {@code off}. */
  long address() {
    return has("rawaddr")
        ? line.word("rawaddr")
        : window.address(integer("page", 0)) + integer("off", 0);
  }

  /** Bytes: the raw input if there is one, or pages and {@code nb}. */
  long length(String pages, String raw) {
    return has(raw) ? line.word(raw) : (integer(pages, 1) << 12) + integer("nb", 0);
  }

  /** Bytes: {@code rawlen}, or {@code n} pages and {@code nb}. */
  long length() {
    return length("n", "rawlen");
  }

  /** A 64-bit number that is written raw. */
  long word(String input) {
    return line.word(input);
  }

  /** PROT_* bits of {@code prot}: letters, or none. */
  int prot() {
    String letters = line.text("prot", "none");
    if (letters.equals("none")) {
      return 0;
    }
    int prot = 0;
    for (int i = 0; i < letters.length(); i++) {
      Integer bit = PROT.get(letters.substring(i, i + 1));
      if (bit == null) {
        throw line.bad("expected \"prot\" of the letters r w x d u ?, found \"" + letters + "\"");
      }
      prot |= bit;
    }
    return prot;
  }

  /**
   * Flag names joined by +, numbers among them, or one bare number; 0 where the input is absent.
   */
  long flags(String input, ImmutableMap<String, Long> names) {
    if (!has(input)) {
      return 0;
    }
    if (line.required(input).isIntegralNumber()) {
      return line.integer(input);
    }
    long bits = 0;
    for (String flag : Splitter.on('+').split(line.text(input))) {
      Long bit = names.get(flag);
      bits |= bit != null ? bit : number(input, flag, names);
    }
    return bits;
  }

  private long number(String input, String flag, ImmutableMap<String, Long> names) {
    try {
      return Long.decode(flag);
    } catch (NumberFormatException e) {
      throw line.bad(
          "expected flags in \""
              + input
              + "\", found \""
              + flag
              + "\""
              + Nearest.suggestion(flag, names.keySet()));
    }
  }

  /**
   * This operation cannot be carried out as it is written: it names something that is not there.
   */
  RuntimeException impossible(String message) {
    return line.bad(message);
  }

  /** The operation in one line: {@code store page=3 val=1}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(name);
    for (Map.Entry<String, JsonNode> field : line.object().properties()) {
      String key = field.getKey();
      if (!key.equals("i") && !key.equals("op") && !key.equals("r")) {
        text.append(' ').append(key).append('=').append(field.getValue().asText());
      }
    }
    return text.toString();
  }
}
