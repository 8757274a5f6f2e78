package org.pfnlab.lab.matrix;

import com.google.common.collect.ImmutableSet;
import com.google.common.io.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.pfnlab.core.kernel.Version;

/**
 * Which cells real kernels were recorded on. The list is made from the recordings themselves, by a
 * rule that a test repeats; it holds no outcomes.
 *
 * @param cells {@code v6.1.192 KIND shared OPERATION}
 */
record Recorded(ImmutableSet<String> cells) {
  private static final Recorded STANDARD = read();

  /** The recordings that the tests replay. */
  static Recorded standard() {
    return STANDARD;
  }

  /** How a cell is called in the list. */
  static String cell(Version version, String kind, boolean shared, String operation) {
    return version + " " + kind + " " + (shared ? "shared" : "private") + " " + operation;
  }

  /** Whether this release was recorded doing this. */
  boolean covers(Version version, Subject subject, boolean shared, Operation operation) {
    return cells.contains(cell(version, subject.name(), shared, operation.name()));
  }

  private static Recorded read() {
    ImmutableSet.Builder<String> cells = ImmutableSet.builder();
    for (String line : lines()) {
      int colon = line.indexOf(": ");
      if (colon > 0 && !line.startsWith("#")) {
        for (String operation : line.substring(colon + 2).split(" ", -1)) {
          cells.add(line.substring(0, colon) + " " + operation);
        }
      }
    }
    return new Recorded(cells.build());
  }

  private static List<String> lines() {
    try {
      return Resources.readLines(
          Resources.getResource(Recorded.class, "recorded.txt"), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("recorded.txt", e);
    }
  }
}
