package org.pfnlab.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the model's nouns cost in memory; large enough numbers that the rest does not matter. */
class FootprintTest {
  @Test
  void aVmaStaysBelow160Bytes() {
    assertThat(Footprint.bytesOfVma(300_000)).isBetween(80.0, 160.0);
  }

  @Test
  void aTouchedFrameStaysWithin32Bytes() {
    assertThat(Footprint.bytesOfFrame(500_000)).isBetween(20.0, 32.0);
  }

  @Test
  void aDenseEntryStaysWithin9Bytes() {
    assertThat(Footprint.bytesOfEntry(1_000_000)).isBetween(8.0, 9.0);
  }
}
