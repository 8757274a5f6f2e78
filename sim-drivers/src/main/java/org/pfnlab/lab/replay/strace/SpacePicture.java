package org.pfnlab.lab.replay.strace;

import com.google.common.collect.ImmutableList;
import java.util.List;
import org.pfnlab.lab.strace.MapsFile;

/**
 * Draws a stretch of an address space: a letter a page, the same letter for the pages of one VMA,
 * dots for holes, then the VMAs as /proc/pid/maps prints them.
 *
 * <pre>
 *   AABBBCC~CC..D
 *   A 7ffff7fc0000-7ffff7fc2000 rw-p 00000000
 * </pre>
 *
 * <p>Long runs are shortened in the middle: {@code CC~CC}.
 */
public final class SpacePicture {
  private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final int AROUND = 4;
  private static final int LONG_RUN = 8;

  private SpacePicture() {}

  /** The VMAs at an address and a few on either side. */
  public static ImmutableList<String> around(List<MapsFile.Entry> maps, long address) {
    int at = 0;
    while (at < maps.size() && Long.compareUnsigned(maps.get(at).end(), address) <= 0) {
      at++;
    }
    int from = Math.max(0, at - AROUND);
    int to = Math.min(maps.size(), at + AROUND + 1);
    List<MapsFile.Entry> shown = maps.subList(from, to);
    ImmutableList.Builder<String> lines = ImmutableList.builder();
    lines.add(row(shown));
    for (int i = 0; i < shown.size(); i++) {
      lines.add(letter(i) + " " + shown.get(i));
    }
    return lines.build();
  }

  /** One line of letters and dots for all of these VMAs. */
  public static String row(List<MapsFile.Entry> maps) {
    StringBuilder row = new StringBuilder();
    for (int i = 0; i < maps.size(); i++) {
      MapsFile.Entry entry = maps.get(i);
      if (i > 0) {
        append(row, '.', entry.start() - maps.get(i - 1).end());
      }
      append(row, letter(i), entry.end() - entry.start());
    }
    return row.toString();
  }

  /** The letter of the i-th VMA. */
  public static char letter(int i) {
    return LETTERS.charAt(i % LETTERS.length());
  }

  private static void append(StringBuilder row, char c, long bytes) {
    long pages = bytes >>> 12;
    if (pages <= LONG_RUN) {
      row.append(String.valueOf(c).repeat((int) pages));
    } else {
      row.append(c).append(c).append('~').append(c).append(c);
    }
  }
}
