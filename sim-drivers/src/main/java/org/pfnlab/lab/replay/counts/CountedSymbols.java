package org.pfnlab.lab.replay.counts;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.core.meter.Event;
import org.pfnlab.lab.spec.ModelConstants;

/**
 * Which recorded counts equal which modelled events: the table {@code counted-symbols.txt} beside
 * this class, which also names the symbols that are left out, everywhere or for some operations,
 * each with its reason.
 */
final class CountedSymbols {
  private static final Splitter WORDS = Splitter.on(' ').trimResults().omitEmptyStrings();
  private static final CountedSymbols STANDARD = read();

  /** An event of a row, with +1 or -1. */
  private record Term(Event event, int sign) {}

  /**
   * Symbols whose counts are added, and the events that must come to the same sum. A symbol may
   * have alternatives, of which the first one that was traced counts.
   */
  record Row(ImmutableList<ImmutableList<String>> symbols, ImmutableList<Term> terms) {
    String name() {
      return String.join("+", symbols.stream().map(names -> String.join("|", names)).toList());
    }

    ImmutableSet<String> names() {
      return symbols.stream().flatMap(List::stream).collect(ImmutableSet.toImmutableSet());
    }

    /**
     * What the row is called on this kernel: the first alternative that it has of each symbol, with
     * {@code +} between those that are added up; null if it has none of them.
     */
    @Nullable String name(SymbolEras eras, Version version) {
      List<String> present = new ArrayList<>();
      for (ImmutableList<String> alternatives : symbols) {
        alternatives.stream()
            .filter(symbol -> eras.has(symbol, version))
            .findFirst()
            .ifPresent(present::add);
      }
      return present.isEmpty() ? null : String.join("+", present);
    }

    /** What the model says. */
    long modelled(EventCounts counts) {
      long sum = 0;
      for (Term term : terms) {
        sum += term.sign * counts.of(term.event);
      }
      return sum;
    }

    /**
     * The sum of the recorded counts; null if no symbol of the row could be traced.
     *
     * @param traced whether a symbol could be traced
     */
    @Nullable Long recorded(JsonNode counts, Traced traced) {
      long sum = 0;
      boolean any = false;
      for (ImmutableList<String> alternatives : symbols) {
        for (String symbol : alternatives) {
          JsonNode count = counts.get(symbol);
          if (traced.has(symbol) && (count == null || !count.isNull())) {
            any = true;
            sum += count == null ? 0 : count.asLong();
            break;
          }
        }
      }
      return any ? sum : null;
    }
  }

  /** Which symbols a recording's kernel has and could trace. */
  @FunctionalInterface
  interface Traced {
    boolean has(String symbol);
  }

  private final ImmutableList<Row> rows;
  private final SymbolEras eras;
  private final ImmutableMap<String, String> leftOut;
  private final ImmutableMap<String, ImmutableMap<String, String>> leftOutOf;

  private CountedSymbols(
      ImmutableList<Row> rows,
      SymbolEras eras,
      ImmutableMap<String, String> leftOut,
      ImmutableMap<String, ImmutableMap<String, String>> leftOutOf) {
    this.rows = rows;
    this.eras = eras;
    this.leftOut = leftOut;
    this.leftOutOf = leftOutOf;
  }

  static CountedSymbols standard() {
    return STANDARD;
  }

  private static CountedSymbols read() {
    ImmutableList.Builder<Row> rows = ImmutableList.builder();
    SymbolEras.Builder eras = new SymbolEras.Builder();
    ImmutableMap.Builder<String, String> leftOut = ImmutableMap.builder();
    Map<String, ImmutableMap.Builder<String, String>> leftOutOf = new HashMap<>();
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
        if (line.startsWith("@")) {
          eras.add(line);
          continue;
        }
        int equals = line.indexOf('=');
        if (equals > 0) {
          rows.add(row(line.substring(0, equals), line.substring(equals + 1)));
          continue;
        }
        int colon = line.indexOf(':');
        int slash = line.lastIndexOf('/', colon);
        String reason = line.substring(colon + 1).strip();
        for (String symbol : words(line.substring(slash + 1, colon))) {
          if (slash < 0) {
            leftOut.put(symbol, reason);
          } else {
            for (String operation : words(line.substring(0, slash))) {
              leftOutOf
                  .computeIfAbsent(operation, unused -> ImmutableMap.builder())
                  .put(symbol, reason);
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("counted-symbols.txt", e);
    }
    return new CountedSymbols(
        rows.build(),
        eras.build(),
        leftOut.buildOrThrow(),
        leftOutOf.entrySet().stream()
            .collect(
                ImmutableMap.toImmutableMap(
                    Map.Entry::getKey, entry -> entry.getValue().buildOrThrow())));
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
            .map(word -> ImmutableList.copyOf(Splitter.on('|').split(word)))
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
    return WORDS.splitToList(text);
  }

  /** The rows that are compared, in the order of the table. */
  ImmutableList<Row> rows() {
    return rows;
  }

  /** Which releases have which symbols. */
  SymbolEras eras() {
    return eras;
  }

  /** Why this symbol is not compared anywhere, or null if it is. */
  @Nullable String reasonToLeaveOut(String symbol) {
    return leftOut.get(symbol);
  }

  /** Why a row is not compared for this operation, or null if it is. */
  @Nullable String reasonToLeaveOut(Row row, String operation) {
    ImmutableMap<String, String> reasons = leftOutOf.get(operation);
    if (reasons == null) {
      return null;
    }
    return row.names().stream().map(reasons::get).filter(r -> r != null).findFirst().orElse(null);
  }

  /** The symbols that are left out everywhere. */
  ImmutableSet<String> leftOut() {
    return leftOut.keySet();
  }

  /** Whether some row compares this symbol. */
  boolean compares(String symbol) {
    return rows.stream().anyMatch(row -> row.names().contains(symbol));
  }
}
