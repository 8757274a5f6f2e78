package org.pfnlab.lab.replay.maps;

import com.google.common.collect.ImmutableList;
import java.util.List;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.Vma;

/**
 * Draws an address space: a letter a page, the same letter for the pages of one VMA, dots for
 * holes; below it the state of each page.
 *
 * <pre>
 *   vmas  AAAABB~BB..C
 *   ptes  a..a.......f
 * </pre>
 *
 * <p>Pages that look alike are shortened to {@code BB~BB} where there are more than eight.
 */
final class MapsPicture {
  private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final int LONG_RUN = 8;

  private final StringBuilder vmas = new StringBuilder("vmas  ");
  private final StringBuilder ptes = new StringBuilder("ptes  ");

  private MapsPicture() {}

  static char letter(int i) {
    return LETTERS.charAt(i % LETTERS.length());
  }

  /** The rows; without the one for pages where nobody touches any. */
  static ImmutableList<String> of(List<VmaView> space, Machine machine, boolean touched) {
    MapsPicture picture = new MapsPicture();
    for (int i = 0; i < space.size(); i++) {
      Vma vma = space.get(i).vma();
      if (i > 0) {
        picture.append('.', '.', (vma.start - space.get(i - 1).vma().end) >>> 12);
      }
      picture.append(vma, letter(i), machine, touched);
    }
    return touched
        ? ImmutableList.of(picture.vmas.toString(), picture.ptes.toString())
        : ImmutableList.of(picture.vmas.toString());
  }

  private void append(Vma vma, char letter, Machine machine, boolean touched) {
    if (!touched) {
      append(letter, '.', vma.pages());
      return;
    }
    long from = vma.start;
    while (from < vma.end) {
      char glyph = VmaView.glyph(machine, vma, from);
      long to = from + 4096;
      while (to < vma.end && VmaView.glyph(machine, vma, to) == glyph) {
        to += 4096;
      }
      append(letter, glyph, (to - from) >>> 12);
      from = to;
    }
  }

  private void append(char above, char below, long pages) {
    append(vmas, above, pages);
    append(ptes, below, pages);
  }

  private static void append(StringBuilder row, char c, long pages) {
    if (pages <= LONG_RUN) {
      row.append(String.valueOf(c).repeat((int) pages));
    } else {
      row.append(c).append(c).append('~').append(c).append(c);
    }
  }
}
