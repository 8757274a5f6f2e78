package org.pfnlab.benchmarks;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What figures should be: lines of a benchmark's name, a parameter or - for any, and the target in
 * words, separated by bars.
 */
final class Targets {
  private record Target(String name, String parameter, String words) {}

  private final ImmutableList<Target> targets;

  private Targets(ImmutableList<Target> targets) {
    this.targets = targets;
  }

  /** The targets of {@code targets.txt}. */
  static Targets standard() throws IOException {
    return parse(
        Resources.readLines(
            Resources.getResource(Targets.class, "targets.txt"), StandardCharsets.UTF_8));
  }

  static Targets parse(List<String> lines) {
    ImmutableList.Builder<Target> targets = ImmutableList.builder();
    for (String line : lines) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] parts = line.split("\\|", -1);
      if (parts.length != 3) {
        throw new IllegalArgumentException("expected name | parameter | target, found " + line);
      }
      targets.add(new Target(parts[0].strip(), parts[1].strip(), parts[2].strip()));
    }
    return new Targets(targets.build());
  }

  /** The target of a row, empty if there is none. */
  String of(String name, String parameters) {
    for (Target target : targets) {
      boolean fits =
          target.parameter.equals("-")
              || List.of(parameters.split(", ", -1)).contains(target.parameter);
      if (fits && name.equals(target.name)) {
        return target.words;
      }
    }
    return "";
  }
}
