package org.pfnlab.lab.spec;

import java.util.Collection;
import java.util.Locale;
import org.pfnlab.lab.BadInput;

/** Finds the name that somebody probably meant. */
public final class Nearest {
  private Nearest() {}

  /**
   * {@code ", did you mean 'X86_PAT'?"}, or nothing if no name is near. Case does not count; of
   * equally near names the first is taken.
   */
  public static String suggestion(String typed, Collection<String> names) {
    String best = "";
    int bestDistance = Math.max(2, typed.length() / 3) + 1;
    for (String name : names) {
      int distance = distance(fold(typed), fold(name));
      if (distance < bestDistance) {
        best = name;
        bestDistance = distance;
      }
    }
    return best.isEmpty() ? "" : ", did you mean '" + best + "'?";
  }

  /**
   * The refusal of a name that does not exist: with the nearest one, or all of them where none is
   * near.
   *
   * @param what a noun: {@code kind}
   * @param otherwise what introduces all of them: {@code ", expected one of "}
   */
  public static BadInput unknown(
      String what, String typed, Collection<String> names, String otherwise) {
    String near = suggestion(typed, names);
    return BadInput.because(
        "no "
            + what
            + " is called '"
            + typed
            + "'"
            + (near.isEmpty() ? otherwise + String.join(", ", names) : near));
  }

  private static String fold(String name) {
    return name.toLowerCase(Locale.ROOT).replace('-', '_');
  }

  /** Insertions, deletions, replacements and swaps of neighbours between two words. */
  private static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        d[i][j] = i == 0 || j == 0 ? i + j : step(d, a, b, i, j);
      }
    }
    return d[a.length()][b.length()];
  }

  private static int step(int[][] d, String a, String b, int i, int j) {
    int replace = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
    int best = Math.min(replace, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
    boolean swapped =
        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
    return swapped ? Math.min(best, d[i - 2][j - 2] + 1) : best;
  }
}
