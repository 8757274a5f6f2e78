package org.pfnlab.lab.strace;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.spec.Nearest;

/**
 * The arguments of a call, read as numbers, flags, descriptors and strings. What does not fit is a
 * {@link BadInput} that names the argument.
 */
public final class Arguments {
  private static final Pattern NUMBER = Pattern.compile("-?(?:0x[0-9a-fA-F]+|\\d+)");
  private static final Pattern FD =
      Pattern.compile("(-?\\d{1,10})(?:<(.*)>(\\(deleted\\))?)?", Pattern.DOTALL);

  private final String file;
  private final Call call;
  private final ImmutableList<String> texts;

  private Arguments(String file, Call call, ImmutableList<String> texts) {
    this.file = file;
    this.call = call;
    this.texts = texts;
  }

  /**
   * A descriptor.
   *
   * @param number the number; -1 for none
   * @param path the path behind it, or null if the trace does not show it
   * @param deleted whether the trace says that the file was deleted
   */
  public record Fd(int number, @Nullable String path, boolean deleted) {}

  /** Splits the arguments of a call of this file. */
  public static Arguments of(String file, Call call) {
    List<String> texts = new ArrayList<>();
    String text = call.arguments();
    int from = 0;
    while (from <= text.length() && !(texts.isEmpty() && text.isBlank())) {
      int end = ArgumentScan.end(text, from);
      texts.add(text.substring(from, end).strip());
      from = end + 1;
    }
    return new Arguments(file, call, ImmutableList.copyOf(texts));
  }

  /** How many there are. */
  public int count() {
    return texts.size();
  }

  /** The text of an argument. */
  public String text(int i) {
    if (i >= texts.size()) {
      throw bad("expected " + (i + 1) + " arguments or more, found " + texts.size());
    }
    return texts.get(i);
  }

  /** Something is wrong with this call. */
  public BadInput bad(String message) {
    return BadInput.at(file, call.ended(), call.name + ": " + message);
  }

  private BadInput bad(int i, String expected) {
    String found = text(i);
    String shown = found.length() > 40 ? found.substring(0, 40) + "..." : found;
    return bad("argument " + (i + 1) + ": expected " + expected + ", found '" + shown + "'");
  }

  private static String withoutComment(String text) {
    int comment = text.indexOf("/*");
    return comment < 0 ? text : text.substring(0, comment).strip();
  }

  /** A number or address of 64 bits; NULL is 0. */
  public long word(int i) {
    String text = withoutComment(text(i));
    if (text.equals("NULL")) {
      return 0;
    }
    if (!NUMBER.matcher(text).matches() || text.length() > 24) {
      throw bad(i, "a 64-bit number like 0x7f00");
    }
    BigInteger value = parse(text);
    if (value.bitLength() > 64) {
      throw bad(i, "a 64-bit number like 0x7f00");
    }
    return value.longValue();
  }

  private static BigInteger parse(String text) {
    boolean negative = text.startsWith("-");
    String digits = negative ? text.substring(1) : text;
    BigInteger value =
        digits.startsWith("0x")
            ? new BigInteger(digits.substring(2), 16)
            : digits.length() > 1 && digits.startsWith("0") && !digits.matches(".*[89].*")
                ? new BigInteger(digits, 8)
                : new BigInteger(digits);
    return negative ? value.negate() : value;
  }

  /** Flags joined by |, as symbols of this table or numbers. */
  public int flags(int i, Symbols symbols) {
    long bits = 0;
    for (String part : Splitter.on('|').split(withoutComment(text(i)))) {
      bits |= flag(i, part.strip(), symbols);
    }
    return (int) bits;
  }

  private long flag(int i, String part, Symbols symbols) {
    int shift = part.indexOf("<<");
    if (shift > 0) {
      return flag(i, part.substring(0, shift), symbols)
          << flag(i, part.substring(shift + 2), symbols);
    }
    Integer known = symbols.table().get(part);
    if (known != null) {
      return known;
    }
    if (!NUMBER.matcher(part).matches() || part.length() > 20) {
      throw bad(
          i, "flags of " + symbols + "_*" + Nearest.suggestion(part, symbols.table().keySet()));
    }
    return parse(part).longValue();
  }

  /** A descriptor, with the path that {@code strace -y} prints behind it. */
  public Fd fd(int i) {
    Matcher fd = FD.matcher(text(i));
    if (!fd.matches()) {
      throw bad(i, "a descriptor like 3</usr/lib/libc.so.6>");
    }
    long number = Long.parseLong(fd.group(1));
    if (number > Integer.MAX_VALUE || number < Integer.MIN_VALUE) {
      throw bad(i, "a descriptor of 32 bits");
    }
    String path = fd.group(2);
    if (path == null) {
      return new Fd((int) number, null, false);
    }
    String name = unescaped(path);
    boolean deleted = fd.group(3) != null || name.endsWith(" (deleted)");
    return new Fd((int) number, name.replaceFirst(" ?\\(deleted\\)$", ""), deleted);
  }

  /** A string, without its quotes. */
  public String string(int i) {
    String text = text(i);
    int end = text.lastIndexOf('"');
    if (!text.startsWith("\"") || end <= 0) {
      throw bad(i, "a string in quotes");
    }
    return unescaped(text.substring(1, end));
  }

  /** Undoes strace's escapes: bytes beyond ASCII in octal, others by letters; UTF-8 inside. */
  private static String unescaped(String text) {
    if (text.indexOf('\\') < 0 && CharMatcher.ascii().matchesAllOf(text)) {
      return text;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c != '\\' || at + 1 == text.length()) {
        bytes.write(c);
        continue;
      }
      int end = at + 1;
      while (end < text.length() && end < at + 4 && isOctal(text.charAt(end))) {
        end++;
      }
      if (end > at + 1) {
        bytes.write(Integer.parseInt(text.substring(at + 1, end), 8));
        at = end - 1;
      } else {
        at++;
        bytes.write(letter(text.charAt(at)));
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static boolean isOctal(char c) {
    return c >= '0' && c <= '7';
  }

  private static char letter(char c) {
    return switch (c) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'v' -> '\u000b';
      case 'f' -> '\f';
      default -> c;
    };
  }
}
