package org.pfnlab.lab.strace;

/**
 * Walks over the arguments of a call as strace prints them: strings in quotes, nested brackets,
 * comments, descriptors with the path behind them ({@code 3</usr/lib/libc.so.6>}).
 */
final class ArgumentScan {
  private static final String OPENING = "([{";
  private static final String CLOSING = ")]}";

  private ArgumentScan() {}

  /**
   * Where an argument ends.
   *
   * @param text arguments, perhaps with more behind them
   * @param from where the argument begins
   * @return the index of the comma or closing parenthesis behind it, or the text's length
   */
  static int end(String text, int from) {
    int depth = 0;
    int at = from;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '"') {
        at = behindString(text, at);
        continue;
      }
      if (c == '<' && beginsPath(text, at)) {
        at = behindPath(text, at);
        continue;
      }
      if (c == '/' && text.startsWith("/*", at)) {
        int close = text.indexOf("*/", at + 2);
        at = close < 0 ? text.length() : close + 2;
        continue;
      }
      if (depth == 0 && (c == ',' || c == ')')) {
        return at;
      }
      if (OPENING.indexOf(c) >= 0) {
        depth++;
      } else if (CLOSING.indexOf(c) >= 0) {
        depth = Math.max(0, depth - 1);
      }
      at++;
    }
    return text.length();
  }

  /** The index of the parenthesis that closes the arguments, or -1. */
  static int close(String text) {
    int at = end(text, 0);
    while (at < text.length() && text.charAt(at) == ',') {
      at = end(text, at + 1);
    }
    return at < text.length() ? at : -1;
  }

  private static int behindString(String text, int quote) {
    int at = quote + 1;
    while (at < text.length() && text.charAt(at) != '"') {
      at += text.charAt(at) == '\\' ? 2 : 1;
    }
    return Math.min(at + 1, text.length());
  }

  /** A path follows a descriptor's number or AT_FDCWD; {@code 21<<MAP_HUGE_SHIFT} is none. */
  private static boolean beginsPath(String text, int at) {
    if (at == 0 || at + 1 >= text.length() || text.charAt(at + 1) == '<') {
      return false;
    }
    char before = text.charAt(at - 1);
    return (before >= '0' && before <= '9') || before == 'D';
  }

  /** Brackets in paths are escaped; those in {@code <UNIX:[1->2]>} are followed by something. */
  private static int behindPath(String text, int open) {
    int at = text.indexOf('>', open);
    while (at >= 0 && at + 1 < text.length() && ",) (]}".indexOf(text.charAt(at + 1)) < 0) {
      at = text.indexOf('>', at + 1);
    }
    return at < 0 ? text.length() : at + 1;
  }
}
