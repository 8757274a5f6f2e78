package org.pfnlab.lab.print;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Numbers read the same in every locale, with three digits that count. */
final class FiguresTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0.004, 0",
    "0.76, 0.76",
    "1, 1",
    "9.9, 9.9",
    "9.87, 9.87",
    "9.996, 10",
    "12.34, 12.3",
    "75.9, 75.9",
    "99.96, 100",
    "751, 751",
    "-3.5, -3.5",
    "-0.001, 0",
    "NaN, -",
  })
  void numbers(double value, String text) {
    assertThat(Figures.number(value)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "0, 0 ns",
        "751, 751 ns",
        "999.4, 999 ns",
        "999.6, 1 us",
        "1500, 1.5 us",
        "197000000, 197 ms",
        "1000000000, 1 s",
        "7200e9, \"7,200 s\"",
      })
  void times(double ns, String text) {
    assertThat(Figures.time(ns)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0, 0 B", "1023, 1023 B", "1024, 1 KiB", "67108864, 64 MiB", "17077755904, 15.9 GiB"})
  void sizes(long bytes, String text) {
    assertThat(Figures.size(bytes).replace(",", "")).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {"0, 0", "999, 999", "262144, \"262,144\""})
  void counts(long value, String text) {
    assertThat(Figures.count(value)).isEqualTo(text);
  }
}
