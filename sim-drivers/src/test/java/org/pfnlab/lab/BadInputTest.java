package org.pfnlab.lab;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class BadInputTest {
  @Test
  void saysWhereFirst() {
    assertThat(BadInput.because("no such kernel 'v9'")).hasMessage("no such kernel 'v9'");
    assertThat(BadInput.in("a/iomem.txt", "empty")).hasMessage("a/iomem.txt: empty");
    assertThat(BadInput.at("iomem.txt", 7, "no colon")).hasMessage("iomem.txt:7: no colon");
    assertThat(BadInput.at("iomem.txt", 7, 3, "not hex")).hasMessage("iomem.txt:7:3: not hex");
  }

  @Test
  void staysOneLineWhateverItQuotes() {
    assertThat(BadInput.at("x", 1, "found 'a\nb\r\u001b[31m\u0000ü'"))
        .hasMessage("x:1: found 'a?b??[31m?ü'");
  }

  @Test
  void keepsItsCause() {
    ArithmeticException cause = new ArithmeticException();
    assertThat(BadInput.because("too large").causedBy(cause)).hasCause(cause);
  }
}
