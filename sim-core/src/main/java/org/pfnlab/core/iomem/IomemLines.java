package org.pfnlab.core.iomem;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The lines of a /proc/iomem, each by itself: indentation, range, name. */
final class IomemLines {
  static final String NO_NAME = "<BAD>";

  private static final String CUT = "is the file cut short?";
  private static final String LOWER_CASE_HEX = "addresses are lower-case hex without 0x";

  int count;
  int[] level = new int[64];
  long[] start = new long[64];
  long[] end = new long[64];
  @Nullable String[] name = new @Nullable String[64];

  /** How many digits the shortest addresses have: 8, or 4 in a tree that ends below 0x10000. */
  int digits = 8;

  private boolean onlyZeros = true;
  private CharSequence text = "";
  private int lineStart;
  private int at;
  private int lineEnd;

  /** Reads every line; on an error, the lines before it are there. */
  void read(CharSequence whole) {
    text = whole;
    int length = whole.length();
    int next;
    for (lineStart = 0; lineStart < length; lineStart = next) {
      int newline = lineStart;
      while (newline < length && whole.charAt(newline) != '\n') {
        newline++;
      }
      next = newline + 1;
      lineEnd = newline > lineStart && whole.charAt(newline - 1) == '\r' ? newline - 1 : newline;
      if (lineEnd == lineStart && isBlank(newline)) {
        break;
      }
      readLine(newline == length);
    }
    if (count == 0) {
      throw new IomemFormatException(1, 1, "resources", "an empty text", CUT);
    }
  }

  boolean addressesHidden() {
    return count > 0 && onlyZeros;
  }

  /** The column of a line's range, from 1. */
  int column(int line) {
    return 2 * level[line] + 1;
  }

  private boolean isBlank(int from) {
    for (int i = from; i < text.length(); i++) {
      if (!Character.isWhitespace(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private void readLine(boolean lastWithoutNewline) {
    at = lineStart;
    while (at < lineEnd && text.charAt(at) == ' ') {
      at++;
    }
    int spaces = at - lineStart;
    if (spaces % 2 != 0) {
      throw error(
          "two spaces of indentation a level", spaces + " spaces", "indent as the kernel does");
    }
    if (spaces > 2 * IomemNesting.LEVELS_SINCE_V7_0) {
      throw error(
          "at most " + 2 * IomemNesting.LEVELS_SINCE_V7_0 + " spaces of indentation",
          spaces + "",
          "no kernel indents deeper");
    }
    long first = address("a range like 000a0000-000bffff");
    expect('-', "'-' between start and end");
    int endAt = at;
    long last = address("the end address");
    if (last < first) {
      at = endAt;
      throw error(
          "an end address not below the start " + Long.toHexString(first),
          Long.toHexString(last),
          "are they swapped?");
    }
    expect(' ', "' : ' and a name");
    expect(':', "' : ' and a name");
    expect(' ', "' : ' and a name");
    if (at == lineEnd && lastWithoutNewline) {
      throw error("a name", "the end of the text", CUT);
    }
    add(spaces / 2, first, last, text.subSequence(at, lineEnd).toString());
  }

  private void add(int itsLevel, long first, long last, String itsName) {
    if (count == level.length) {
      level = Arrays.copyOf(level, 2 * count);
      start = Arrays.copyOf(start, 2 * count);
      end = Arrays.copyOf(end, 2 * count);
      name = Arrays.copyOf(name, 2 * count);
    }
    level[count] = itsLevel;
    start[count] = first;
    end[count] = last;
    name[count] = itsName.equals(NO_NAME) ? null : itsName;
    onlyZeros &= (first | last) == 0;
    count++;
  }

  private long address(String expected) {
    int from = at;
    long value = 0;
    int digit;
    while (at < lineEnd && (digit = hexDigit(text.charAt(at))) >= 0) {
      if (at - from == 16 || value >= 1L << 59) {
        at = from;
        throw error("an address below 2^63", "a larger one", "is a digit doubled?");
      }
      value = value << 4 | digit;
      at++;
    }
    int itsDigits = at - from;
    if (itsDigits == 0) {
      throw error(expected, here(), at == lineEnd ? CUT : LOWER_CASE_HEX);
    }
    if (at < lineEnd && Character.isLetterOrDigit(text.charAt(at))) {
      throw error("a hex digit", here(), LOWER_CASE_HEX);
    }
    if (count == 0 && from == lineStart && itsDigits == 4) {
      digits = 4;
    }
    boolean printable =
        itsDigits == digits || (digits == 8 && itsDigits > 8 && text.charAt(from) != '0');
    if (!printable) {
      at = from;
      throw error(
          digits == 4 ? "4 digits" : "8 digits, or more that do not begin with 0",
          itsDigits + " digits",
          "is a digit missing?");
    }
    return value;
  }

  private static int hexDigit(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  }

  private void expect(char wanted, String expected) {
    if (at >= lineEnd || text.charAt(at) != wanted) {
      throw error(expected, here(), at >= lineEnd ? CUT : "is this /proc/iomem?");
    }
    at++;
  }

  private String here() {
    if (at >= lineEnd) {
      return "the end of the line";
    }
    char c = text.charAt(at);
    return c > ' ' && c < 0x7f ? "'" + c + "'" : "character U+%04X".formatted((int) c);
  }

  private IomemFormatException error(String expected, String got, String advice) {
    return new IomemFormatException(count + 1, at - lineStart + 1, expected, got, advice);
  }
}
