package org.pfnlab.lab.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PictureTest {
  @Test
  void showsVmasPagesAndLegend() {
    Picture picture = new Picture(10, 12);
    picture.add(0, 4, "r--p");
    picture.add(4, 2, "rw-p");
    picture.add(9, 3, "rw-s");
    picture.add(500, 1, "far away");
    assertThat(picture.draw(page -> page == 11 ? 'a' : '.'))
        .containsExactly(
            "pages 2..20",
            "vmas  AABB...CCC.........",
            "ptes  .........a.........",
            "A 0+4 r--p",
            "B 4+2 rw-p",
            "C 9+3 rw-s");
  }

  @Test
  void shortensLongStretchesInBothLines() {
    Picture picture = new Picture(8, 108);
    picture.add(10, 98, "rw-p");
    assertThat(picture.draw(page -> page == 50 ? 'a' : '.'))
        .containsExactly(
            "pages 0..116",
            "vmas  ..........AAA~AAAAAAA~AAA.........",
            "ptes  .............~...a...~............",
            "A 10+98 rw-p");
  }

  @Test
  void isCutWhereTheRangeIsAbsurd() {
    assertThat(new Picture(3, Long.MAX_VALUE / 4096).draw(page -> '.')).hasSize(3);
    assertThat(new Picture(-5, -3).draw(page -> '.').get(0)).startsWith("pages 0..");
  }
}
