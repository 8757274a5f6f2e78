package org.pfnlab.lab.print;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One table in every form. */
final class TableTest {
  private static final Table TABLE =
      Table.of(
              Column.words("kind", "kind"),
              Column.figures("ns a PTE", "ns_per_pte"),
              Column.words("", "note"))
          .row(Cell.of("per, pfn"), Cell.of("751", 751.25), Cell.of("says \"slow\""))
          .row(Cell.of("é"), Cell.none(), Cell.of("").in(Ink.BAD))
          .row(Cell.of("bulk"), Cell.count(1234), Cell.of("x").in(Ink.GOOD))
          .build();

  @Test
  void textIsAlignedWithNothingBehind() {
    assertThat(TextTable.print(TABLE, false))
        .isEqualTo(
            """
            kind      ns a PTE
            --------  --------  -----------
            per, pfn       751  says "slow"
            é                -
            bulk         1,234  x
            """);
  }

  @Test
  void colourDoesNotMoveColumns() {
    String coloured = TextTable.print(TABLE, true);
    assertThat(coloured).contains("\u001b[32mx\u001b[0m\n");
    assertThat(coloured.replaceAll("\u001b\\[\\d+m", "")).isEqualTo(TextTable.print(TABLE, false));
  }

  @Test
  void csvQuotesWhatItMustAndLeavesNothingEmpty() {
    StringWriter out = new StringWriter();
    Csv.print(TABLE, new PrintWriter(out));
    assertThat(out)
        .hasToString(
            """
            kind,ns_per_pte,note
            "per, pfn",751.25,"says ""slow""\"
            é,,
            bulk,1234,x
            """);
  }

  @Test
  void jsonHasNumbersAsNumbers() throws IOException {
    StringWriter out = new StringWriter();
    Json.print(List.of(TABLE), new PrintWriter(out, true));
    assertThat(out.toString().replaceAll("\\s+", ""))
        .isEqualTo(
            "[[{\"kind\":\"per,pfn\",\"ns_per_pte\":751.25,\"note\":\"says\\\"slow\\\"\"},"
                + "{\"kind\":\"é\",\"ns_per_pte\":null,\"note\":\"\"},"
                + "{\"kind\":\"bulk\",\"ns_per_pte\":1234,\"note\":\"x\"}]]");
    assertThat(out.toString()).endsWith("]\n").doesNotContain("\r");
  }

  @Test
  void refusesRowsThatDoNotFit() {
    assertThatThrownBy(() -> Table.of(Column.words("a", "a")).row().build())
        .hasMessageContaining("0 cells does not fit 1 columns");
  }
}
