package org.pfnlab.lab.replay.counts;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.lab.recording.JsonLines;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.replay.Recordings;

class CountedSymbolsTest {
  private final CountedSymbols symbols = CountedSymbols.standard();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "linux-5.11/counts/resource_tree", "linux-5.11/counts/counts",
        "linux-6.1/counts/resource_tree", "linux-6.1/counts/counts",
        "linux-6.18.2/counts/resource_tree", "linux-6.18.2/counts/counts",
      })
  void everyCountedSymbolIsComparedOrLeftOutForAReason(String name) throws IOException {
    TreeSet<String> unknown = new TreeSet<>();
    try (JsonLines lines = JsonLines.open(Recordings.path(name + ".jsonl.gz"), name)) {
      for (Line line = lines.next(); line != null; line = lines.next()) {
        if (line.has("counts")) {
          for (Map.Entry<String, JsonNode> count : line.node("counts").properties()) {
            if (!count.getValue().isNull()
                && !symbols.compares(count.getKey())
                && symbols.reasonToLeaveOut(count.getKey()) == null) {
              unknown.add(count.getKey());
            }
          }
        }
      }
    }
    assertThat(unknown).isEmpty();
  }

  @Test
  void nothingIsBothComparedAndLeftOut() {
    assertThat(symbols.leftOut()).noneMatch(symbols::compares);
  }
}
