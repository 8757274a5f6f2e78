package org.pfnlab.lab.print;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** One document as text and as Markdown. */
final class DocumentTest {
  private static final Document DOCUMENT =
      Document.build()
          .heading("Title")
          .paragraph("word ".repeat(25).strip())
          .items(List.of("one", "two"))
          .table(
              Table.of(Column.words("a|b", "a"), Column.figures("n", "n"))
                  .row(Cell.of("<x>"), Cell.count(1000))
                  .build())
          .picture("|\n+--\n")
          .done();

  @Test
  void text() {
    assertThat(DOCUMENT.text(false))
        .isEqualTo(
            "Title\n=====\n\n"
                + "word ".repeat(20).strip()
                + "\n"
                + "word ".repeat(5).strip()
                + "\n\n- one\n- two\n\na|b      n\n---  -----\n<x>  1,000\n\n|\n+--\n");
  }

  @Test
  void markdown() {
    assertThat(DOCUMENT.markdown())
        .startsWith("## Title\n\nword ")
        .contains("\n| a\\|b | n |\n|---|--:|\n| &lt;x> | 1,000 |\n")
        .endsWith("\n```\n|\n+--\n```\n");
  }

  @Test
  void colourIsOnlyForTerminals() {
    assertThat(DOCUMENT.text(true)).contains("\u001b[1mTitle\u001b[0m");
    assertThat(DOCUMENT.markdown()).doesNotContain("\u001b");
  }
}
