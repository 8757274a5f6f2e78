package org.pfnlab.lab.replay.process;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Page numbers and addresses, both ways. */
class WindowTest {
  private static final long ELSEWHERE = 0x7fff_0000_0000L;
  private final Window window = new Window(0x1000_0000_0000L);

  @Test
  void pagesAndAddresses() {
    assertThat(window.address(5)).isEqualTo(0x1000_0000_5000L);
    assertThat(window.page(0x1000_0000_5fffL)).isEqualTo(5);
    assertThat(window.contains(window.address(4095))).isTrue();
    assertThat(window.contains(window.end())).isFalse();
    assertThat(window.contains(ELSEWHERE)).isFalse();
    assertThat(window.address(3000)).isEqualTo(window.addressInside(3000));
  }

  @Test
  void anAliasIsShownInTheWindow() {
    window.alias(ELSEWHERE, 2);
    for (int page : new int[] {3000, 3001}) {
      long address = ELSEWHERE + ((page - 3000L) << 12);
      assertThat(window.address(page)).isEqualTo(address);
      assertThat(window.page(address)).isEqualTo(page);
      assertThat(window.contains(address)).isTrue();
    }
    assertThat(window.address(2999)).isEqualTo(window.addressInside(2999));
    assertThat(window.address(3002)).isEqualTo(window.addressInside(3002));
    assertThat(window.contains(ELSEWHERE + 8192)).isFalse();
  }

  @Test
  void thePagesBeneathAnAliasKeepTheirNumbers() {
    window.alias(ELSEWHERE, 1);
    assertThat(window.page(window.addressInside(3000))).isEqualTo(3000);
    window.alias(ELSEWHERE + 4096, 1);
    assertThat(window.contains(ELSEWHERE)).as("one alias at a time").isFalse();
  }
}
