package org.pfnlab.lab.mutation;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.io.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One rule, and who misses it: a line of mutations.txt.
 *
 * @param rule the name of a feature or policy
 * @param kernel the kernel with the rule, as its recordings have it
 * @param mutant the same kernel without the rule
 * @param recording the recording that tells them apart, below the recordings
 */
record Mutation(String rule, String kernel, String mutant, String recording) {

  /**
   * A rule that no recording misses.
   *
   * @param rule the name of the feature
   * @param test the test that has it from both sides, below the sources of tests, or a dash
   * @param reason why no recording does
   */
  record Unnoticed(String rule, String test, String reason) {}

  /** Both parts of the file. */
  record File(ImmutableList<Mutation> noticed, ImmutableList<Unnoticed> unnoticed) {
    static File read() throws IOException {
      ImmutableList.Builder<Mutation> noticed = ImmutableList.builder();
      ImmutableList.Builder<Unnoticed> unnoticed = ImmutableList.builder();
      for (String name : List.of("mutations.txt", "unnoticed.txt")) {
        String text =
            Resources.toString(Resources.getResource(Mutation.class, name), StandardCharsets.UTF_8);
        for (String line : Splitter.on('\n').omitEmptyStrings().split(text)) {
          if (line.startsWith("#")) {
            continue;
          }
          if (name.equals("unnoticed.txt")) {
            List<String> words = Splitter.on(' ').limit(3).splitToList(line);
            unnoticed.add(new Unnoticed(words.get(0), words.get(1), words.get(2)));
          } else {
            noticed.add(parse(line));
          }
        }
      }
      return new File(noticed.build(), unnoticed.build());
    }
  }

  private static Mutation parse(String line) {
    List<String> words = Splitter.on(' ').splitToList(line);
    return new Mutation(words.get(0), words.get(1), words.get(2), words.get(3));
  }

  /** The line of the file. */
  String line() {
    return String.join(" ", rule, kernel, mutant, recording);
  }
}
