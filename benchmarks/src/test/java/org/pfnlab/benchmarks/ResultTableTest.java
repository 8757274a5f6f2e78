package org.pfnlab.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResultTableTest {
  private static final String JSON =
      """
      [{"jmhVersion": "1.37", "benchmark": "org.pfnlab.benchmarks.VmaLookup.tree", "mode": "avgt",
        "forks": 2, "jvmArgs": ["-Xmx1g"], "jdkVersion": "17.0.1", "vmName": "Some VM",
        "warmupIterations": 5, "warmupTime": "1 s", "measurementIterations": 2,
        "measurementTime": "100 ms", "params": {"vmas": "1000"},
        "primaryMetric": {"score": 29.0, "scoreError": 1.25, "scoreUnit": "ns/op",
          "rawData": [[28.5, 29.0], [27.123, 31.0]]},
        "secondaryMetrics": {"gc.alloc.rate.norm": {"score": 0.001}}},
       {"benchmark": "org.pfnlab.benchmarks.ReplayOfRecordings.executed", "mode": "thrpt",
        "primaryMetric": {"score": 1.0, "scoreError": "NaN", "scoreUnit": "ops/s",
          "rawData": [[1.0]]},
        "secondaryMetrics": {"operations": {"score": 2345678.9, "scoreError": "NaN",
          "scoreUnit": "ops/s", "rawData": [[2300000.0, 2400000.0]]}}}]
      """;

  @Test
  void tableOfAResult() throws IOException {
    Targets targets = Targets.parse(List.of("# comment", "VmaLookup.tree | vmas=1000 | < 30 ns"));
    assertThat(ResultTable.of(JSON, LocalDate.of(2026, 1, 2), "a machine", targets))
        .isEqualTo(
            """
            a machine; Some VM, JDK 17.0.1 (JMH 1.37); measured 2026-01-02.
            Settings: `-f 2 -wi 5 -w 1s -i 2 -r 100ms`, JVM `-Xmx1g`.

            | benchmark | parameters | best | mean | error | unit | B/op | target |
            |---|---|--:|--:|--:|---|--:|---|
            | VmaLookup.tree | vmas=1000 | 27.1 | 29.0 | 1.25 | ns/op | 0 | < 30 ns |
            | ReplayOfRecordings.executed (operations) |  | 2,400,000 | 2,345,679 |  | ops/s |  |  |
            """);
  }

  @Test
  void replacesWhatStandsBetweenTheLines() {
    String document = "head\n" + ResultTable.BEGIN + "\nold\n" + ResultTable.END + "\ntail\n";
    assertThat(ResultTable.replaced(document, "new\n"))
        .isEqualTo("head\n" + ResultTable.BEGIN + "\n\nnew\n\n" + ResultTable.END + "\ntail\n");
    assertThatThrownBy(() -> ResultTable.replaced("no lines", "new"))
        .hasMessageContaining("expected the lines");
  }

  @Test
  void theTargetsAreReadable() throws IOException {
    assertThat(Targets.standard().of("VmaLookup.tree", "vmas=50000")).isEqualTo("< 90 ns");
    assertThat(Targets.standard().of("VmaLookup.treeMap", "vmas=50000")).isEmpty();
  }
}
