package org.pfnlab.lab.verdict;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;

/**
 * Draws an address space: one letter a page, the same letter for the pages of one VMA, dots for
 * holes, then a legend.
 *
 * <pre>
 *   pages 8..23
 *   vmas  AAAA.BBBCCCCCC..
 *   ptes  a.z......aa.....
 *   A 4+8 rw-p anonymous rd wr mr mw me ac
 * </pre>
 *
 * <p>Long stretches of one kind are shortened to {@code AAA~AAA}; the legend has the true lengths.
 */
public final class Picture {
  private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final int MARGIN = 8;
  private static final int LONG_RUN = 24;
  private static final int WIDEST = 4096;

  private final List<Area> areas = new ArrayList<>();
  private final long first;
  private final long last;

  /**
   * A VMA.
   *
   * @param start first page
   * @param pages length in pages
   * @param text permissions, object, flags
   */
  private record Area(long start, long pages, String text) {
    boolean contains(long page) {
      return page >= start && page < start + pages;
    }
  }

  /** What stands in one line of the picture for a page. */
  public interface Glyph {
    /** One character. */
    char of(long page);
  }

  /**
   * A picture of the surroundings of pages [from, to]; both count from where the window begins, the
   * picture does not go below 0 and is cut after 4096 pages.
   */
  public Picture(long from, long to) {
    this.first = Math.max(0, from - MARGIN);
    this.last = Math.min(Math.max(from, to) + MARGIN, first + WIDEST);
  }

  /** Adds a VMA; in ascending order. */
  public void add(long start, long pages, String text) {
    areas.add(new Area(start, pages, text));
  }

  /** The picture, with a second line that shows this for every page. */
  public ImmutableList<String> draw(Glyph states) {
    StringBuilder vmas = new StringBuilder("vmas  ");
    StringBuilder ptes = new StringBuilder("ptes  ");
    for (long page = first; page <= last; page++) {
      long same = page;
      while (same < last && look(same + 1, states).equals(look(page, states))) {
        same++;
      }
      append(vmas, letter(page), same - page + 1);
      append(ptes, states.of(page), same - page + 1);
      page = same;
    }
    ImmutableList.Builder<String> lines = ImmutableList.builder();
    lines.add("pages " + first + ".." + last, vmas.toString(), ptes.toString());
    legend(lines);
    return lines.build();
  }

  private String look(long page, Glyph states) {
    return letter(page) + "" + states.of(page);
  }

  private static void append(StringBuilder line, char c, long times) {
    if (times <= LONG_RUN) {
      line.append(String.valueOf(c).repeat((int) times));
    } else {
      line.append(String.valueOf(c).repeat(3)).append('~').append(String.valueOf(c).repeat(3));
    }
  }

  private char letter(long page) {
    for (int i = 0; i < areas.size(); i++) {
      if (areas.get(i).contains(page)) {
        return LETTERS.charAt(i % LETTERS.length());
      }
    }
    return '.';
  }

  private void legend(ImmutableList.Builder<String> lines) {
    for (int i = 0; i < areas.size(); i++) {
      Area area = areas.get(i);
      if (area.start <= last && area.start + area.pages > first) {
        lines.add(
            LETTERS.charAt(i % LETTERS.length())
                + " "
                + area.start
                + "+"
                + area.pages
                + " "
                + area.text);
      }
    }
  }
}
