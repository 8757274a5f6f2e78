package org.pfnlab.core.task;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.io.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every way into user memory, on eight kinds of mappings, against what three real kernels answered:
 * return values, data, and the first page's entry afterwards. The table is a digest of recordings;
 * a line is kernel, kind, operation, the mappings and histories that gave this result, result,
 * entry.
 */
class EntryPointsTest {
  private record Row(
      String kernel, String kind, String op, List<String> variants, String result, String entry) {
    String group() {
      return kernel + " " + kind;
    }
  }

  private static final ImmutableListMultimap<String, Row> TABLE = read();

  static Stream<String> groups() {
    return TABLE.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("groups")
  void answersAsRecorded(String group) {
    assertThat(differences(TABLE.get(group))).isEmpty();
  }

  @Test
  void canaryFindsAnotherKernelsAnswers() {
    List<Row> misplaced = new ArrayList<>();
    for (Row row : TABLE.get("v5.11 mixed")) {
      misplaced.add(new Row("v6.18.2", row.kind, row.op, row.variants, row.result, row.entry));
    }
    assertThat(differences(misplaced)).hasSizeGreaterThan(50);
  }

  private static List<String> differences(List<Row> rows) {
    List<String> differences = new ArrayList<>();
    for (Row row : rows) {
      for (String variant : row.variants) {
        TestKind kind = requireNonNull(TestKind.of(row.kind), row.kind);
        EntryPointRun run = new EntryPointRun(new TestMachine(row.kernel), kind, variant);
        String result = run.run(row.op);
        String entry = row.entry.equals("-") ? "-" : run.entry();
        if (!result.equals(row.result) || !entry.equals(row.entry)) {
          differences.add(
              "%s %s: %s [%s], recorded %s [%s]"
                  .formatted(row.op, variant, result, entry, row.result, row.entry));
        }
      }
    }
    return differences;
  }

  private static ImmutableListMultimap<String, Row> read() {
    ImmutableListMultimap.Builder<String, Row> table = ImmutableListMultimap.builder();
    Splitter words = Splitter.on(' ');
    for (String line : lines()) {
      List<String> cells = Splitter.on('\t').splitToList(line);
      Row row =
          new Row(
              cells.get(0),
              cells.get(1),
              cells.get(2),
              words.splitToList(cells.get(3)),
              cells.get(4),
              cells.get(5));
      table.put(row.group(), row);
    }
    return table.build();
  }

  private static ImmutableList<String> lines() {
    try {
      return ImmutableList.copyOf(
          Resources.readLines(
              Resources.getResource(EntryPointsTest.class, "entry-points.tsv"),
              StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
