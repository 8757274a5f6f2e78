package org.pfnlab.lab.print;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Plots of characters. */
final class PlotTest {
  @Test
  void straightLinesStayStraight() {
    String drawn =
        new Plot("y over x", List.of("1", "10", "100"))
            .add('a', "rising", new double[] {1, 12, 100})
            .add('b', "level", new double[] {1, 1, 1})
            .draw();
    assertThat(drawn)
        .isEqualTo(
            """
            y over x
                 100 |               a
                     |
                     |
                34.6 |
                     |
                     |
                11.9 |         a
                     |
                     |
                4.12 |
                     |
                     |
                1.43 |
                   1 |   a     b     b
                     +------------------
                         1    10    100
              a  rising
              b  level
            """);
  }

  @Test
  void refusesWhatCannotBeDrawn() {
    assertThatThrownBy(() -> new Plot("", List.of("1")).add('a', "x", new double[] {0}).draw())
        .hasMessageContaining("no place for 0");
    assertThatThrownBy(() -> new Plot("", List.of("1")).add('a', "x", new double[] {1, 2}))
        .hasMessageContaining("2 values for 1 ticks");
  }
}
