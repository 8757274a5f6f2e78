package org.pfnlab.lab.replay.counts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.lab.spec.ModelConstants;

/**
 * Which recorded counts equal which modelled events: the table {@code counted-symbols.txt} beside
 * this class, which also names the symbols that are left out, each with its reason.
 *
 * <p>A row holds one or more symbols whose counts are added, then the events that must come to the
 * same sum, some of them subtracted. A symbol that a kernel does not have, or that could not be
 * traced there, is null in its recordings; a row with such a symbol counts without it, and a row of
 * nothing else is not compared.
 */
final class CountedSymbols {
  private static final CountedSymbols STANDARD = read();

  /** An event of a row, with +1 or -1. */
  private record Term(Event event, int sign) {}

  private record Row(ImmutableList<String> symbols, ImmutableList<Term> terms) {
    long modelled(Meter meter, long[] before) {
      long sum = 0;
      for (Term term : terms) {
        sum += term.sign * meter.since(before, term.event);
      }
      return sum;
    }
  }

  private final ImmutableList<Row> rows;
  private final ImmutableMap<String, String> leftOut;

  private CountedSymbols(ImmutableList<Row> rows, ImmutableMap<String, String> leftOut) {
    this.rows = rows;
    this.leftOut = leftOut;
  }

  static CountedSymbols standard() {
    return STANDARD;
  }

  private static CountedSymbols read() {
    ImmutableList.Builder<Row> rows = ImmutableList.builder();
    ImmutableMap.Builder<String, String> leftOut = ImmutableMap.builder();
    try (InputStream table = CountedSymbols.class.getResourceAsStream("counted-symbols.txt")) {
      if (table == null) {
        throw new IllegalStateException("counted-symbols.txt is missing, rebuild with mvn package");
      }
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(table, StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.isBlank() || line.startsWith("#")) {
          continue;
        }
        int equals = line.indexOf('=');
        if (equals > 0) {
          rows.add(row(line.substring(0, equals), line.substring(equals + 1)));
        } else {
          int colon = line.indexOf(':');
          String reason = line.substring(colon + 1).strip();
          words(line.substring(0, colon)).forEach(symbol -> leftOut.put(symbol, reason));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("counted-symbols.txt", e);
    }
    return new CountedSymbols(rows.build(), leftOut.buildOrThrow());
  }

  private static Row row(String symbols, String terms) {
    ImmutableList.Builder<Term> events = ImmutableList.builder();
    int sign = 1;
    for (String word : words(terms)) {
      if (word.equals("+") || word.equals("-")) {
        sign = word.equals("-") ? -1 : 1;
      } else {
        events.add(new Term(event(word), sign));
      }
    }
    return new Row(
        words(symbols).stream()
            .filter(word -> !word.equals("+"))
            .collect(ImmutableList.toImmutableList()),
        events.build());
  }

  private static Event event(String name) {
    ModelConstants.initialiseAll();
    for (Event event : Event.all()) {
      if (event.name().equals(name)) {
        return event;
      }
    }
    throw new IllegalStateException(
        "counted-symbols.txt names the event " + name + ", which nobody defines");
  }

  private static List<String> words(String text) {
    return Splitter.on(' ').trimResults().omitEmptyStrings().splitToList(text);
  }

  /** Why this symbol is not compared, or null if it is. */
  @Nullable String reasonToLeaveOut(String symbol) {
    return leftOut.get(symbol);
  }

  /** The symbols that are left out. */
  ImmutableSet<String> leftOut() {
    return leftOut.keySet();
  }

  /** Whether some row compares this symbol. */
  boolean compares(String symbol) {
    return rows.stream().anyMatch(row -> row.symbols.contains(symbol));
  }

  /**
   * Adds what was recorded and what was modelled, row by row, to two objects that can then be
   * compared.
   *
   * @param counts the recorded counts, zero where a symbol is missing
   * @param before the meter before the operation
   */
  void put(JsonNode counts, Meter meter, long[] before, ObjectNode expected, ObjectNode got) {
    for (Row row : rows) {
      long recorded = 0;
      boolean traceable = false;
      for (String symbol : row.symbols) {
        JsonNode count = counts.get(symbol);
        traceable |= count == null || !count.isNull();
        recorded += count == null ? 0 : count.asLong();
      }
      if (traceable) {
        String name = String.join("+", row.symbols);
        expected.put(name, recorded);
        got.put(name, row.modelled(meter, before));
      }
    }
  }
}
