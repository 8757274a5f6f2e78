package org.pfnlab.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What commands print, word by word. A case is a file {@code *.golden}: command lines behind {@code
 * $ pfnlab}, each followed by what it prints to both outputs and, unless that is 0, its exit
 * status. Words that begin with {@code trees/} are files beside the cases.
 *
 * <p>{@code -Dpfnlab.golden=FOLDER} writes what is printed now to that folder instead of comparing.
 */
final class GoldenTest {
  private static final String PROMPT = "$ pfnlab ";

  static Stream<Path> cases() throws IOException {
    try (Stream<Path> files = Files.list(folder())) {
      return files.filter(file -> file.toString().endsWith(".golden")).sorted().toList().stream();
    }
  }

  private static Path folder() {
    URL url = Objects.requireNonNull(GoldenTest.class.getResource("../golden"));
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void printsWhatItPrinted(Path file) throws IOException {
    String expected = Files.readString(file);
    String now = runAll(expected.lines().filter(line -> line.startsWith(PROMPT)).toList());
    String update = System.getProperty("pfnlab.golden");
    if (update != null) {
      Files.writeString(Path.of(update).resolve(file.getFileName().toString()), now);
      return;
    }
    assertThat(now).isEqualTo(expected);
  }

  @Test
  void noticesAChangedWord() {
    assertThat(runAll(List.of(PROMPT + "iomem trees/laptop.txt --format csv")))
        .isNotEqualTo(PROMPT + "iomem trees/laptop.txt --format csv\naddress\n");
  }

  private static String runAll(List<String> lines) {
    StringBuilder all = new StringBuilder();
    for (String line : lines) {
      all.append(line).append('\n').append(run(line.substring(PROMPT.length())));
    }
    return all.toString();
  }

  private static String run(String line) {
    String trees = folder().resolve("trees") + "/";
    List<String> args = new ArrayList<>();
    for (String word : line.split(" +", -1)) {
      args.add(word.startsWith("trees/") ? trees + word.substring("trees/".length()) : word);
    }
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status = Main.run(new PrintWriter(out), new PrintWriter(err), args.toArray(String[]::new));
    String printed = (out.toString() + err).replace(trees, "trees/");
    return printed + (status == 0 ? "" : "[exit " + status + "]\n");
  }
}
