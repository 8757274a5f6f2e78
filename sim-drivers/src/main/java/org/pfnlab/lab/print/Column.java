package org.pfnlab.lab.print;

/**
 * One column of a {@link Table}.
 *
 * @param title for people
 * @param key for programs: the name in JSON and CSV, lower case with underscores
 * @param right whether its cells, numbers mostly, end in one line instead of beginning there
 */
public record Column(String title, String key, boolean right) {
  /** A column of words. */
  public static Column words(String title, String key) {
    return new Column(title, key, false);
  }

  /** A column of numbers. */
  public static Column figures(String title, String key) {
    return new Column(title, key, true);
  }
}
