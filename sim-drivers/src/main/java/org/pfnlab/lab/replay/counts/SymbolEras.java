package org.pfnlab.lab.replay.counts;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.kernel.Version;

/**
 * Which releases have which symbols: the lines of {@code counted-symbols.txt} that begin with
 * {@code @}. A symbol that no such line names is in all of them.
 */
final class SymbolEras {
  private static final Splitter WORDS = Splitter.on(' ').omitEmptyStrings();
  private static final Pattern SPAN = Pattern.compile("(v[\\d.]+)?-(v[\\d.]+)?((?:\\+v[\\d.]+)*)");

  private final ImmutableMap<String, Releases> releases;

  private SymbolEras(ImmutableMap<String, Releases> releases) {
    this.releases = releases;
  }

  /** Collects lines. */
  static final class Builder {
    private final ImmutableMap.Builder<String, Releases> releases = ImmutableMap.builder();

    /** Adds {@code @ v6.3-v6.16+v6.1.16 SYMBOL SYMBOL: WHY}. */
    void add(String line) {
      List<String> words = WORDS.splitToList(line.substring(1, line.indexOf(':')));
      Releases span = span(words.get(0));
      for (String symbol : words.subList(1, words.size())) {
        releases.put(symbol, span);
      }
    }

    SymbolEras build() {
      return new SymbolEras(releases.buildOrThrow());
    }
  }

  private static Releases span(String text) {
    Matcher span = SPAN.matcher(text);
    if (!span.matches()) {
      throw new IllegalStateException("counted-symbols.txt: '" + text + "' is no span of releases");
    }
    String from = span.group(1);
    String until = span.group(2);
    Releases releases = from == null ? Releases.always() : Releases.since(from);
    if (until != null) {
      releases = releases.until(until);
    }
    for (String backport : Splitter.on('+').omitEmptyStrings().split(span.group(3))) {
      releases = releases.backportedTo(backport);
    }
    return releases;
  }

  /** Whether this release has a symbol. */
  boolean has(String symbol, Version version) {
    Releases known = releases.get(symbol);
    return known == null || known.contain(version);
  }

  /** The symbols that not every release has. */
  ImmutableSet<String> symbols() {
    return releases.keySet();
  }
}
