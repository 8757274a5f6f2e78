package org.pfnlab.lab.memtype;

import com.google.common.collect.ImmutableMap;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.print.Figures;

/**
 * A reservation that somebody would like to have.
 *
 * @param start first byte, a multiple of the page size
 * @param end first byte behind, a multiple of the page size
 * @param type the cache mode asked for
 */
public record Wish(long start, long end, CacheMode type) {
  private static final Pattern RANGE =
      Pattern.compile("(?:0x)?([0-9a-f]{1,13})([-+])(?:0x)?([0-9a-f]{1,13})");
  private static final long PAGE = 4096;
  private static final long HIGHEST = 1L << 52;
  private static final long LARGEST = 1L << 40;

  private static final ImmutableMap<String, CacheMode> SHORT =
      ImmutableMap.of(
          "wb", CacheMode.WB,
          "wc", CacheMode.WC,
          "uc-", CacheMode.UC_MINUS,
          "uc", CacheMode.UC,
          "wt", CacheMode.WT,
          "wp", CacheMode.WP);

  /**
   * Reads what somebody typed.
   *
   * @param range {@code START-END}, the end exclusive as in the list, or {@code START+BYTES}; all
   *     hexadecimal
   * @param type a name from the list, or its initials
   * @throws BadInput if it is no range of whole pages, or no type
   */
  public static Wish parse(String range, String type) {
    Matcher typed = RANGE.matcher(range.toLowerCase(Locale.ROOT));
    if (!typed.matches()) {
      throw bad(
          range, "is none; write it like f8000000-f8010000 (end exclusive) or f8000000+10000");
    }
    long start = Long.parseUnsignedLong(typed.group(1), 16);
    long second = Long.parseUnsignedLong(typed.group(3), 16);
    long end = typed.group(2).equals("+") ? start + second : second;
    if ((start | end) % PAGE != 0) {
      throw bad(range, "does not consist of whole pages of 4 KiB");
    }
    if (end <= start) {
      throw bad(range, "is empty; memtype_reserve would WARN and answer EINVAL");
    }
    if (end > HIGHEST || end - start > LARGEST) {
      throw bad(range, "is larger than 1 TiB or ends above the 52 bits of x86-64");
    }
    return new Wish(start, end, mode(type));
  }

  private static CacheMode mode(String typed) {
    String name = typed.toLowerCase(Locale.ROOT);
    @Nullable CacheMode mode = SHORT.get(name);
    mode = mode == null ? MemtypeList.mode(name) : mode;
    if (mode == null) {
      throw BadInput.because(
          "type '"
              + typed
              + "' is unknown; write a name like write-combining, or one of wb wc uc-"
              + " uc wt wp");
    }
    return mode;
  }

  private static BadInput bad(String range, String what) {
    return BadInput.because("range '" + range + "' " + what);
  }

  /** The range as the list writes it, but short. */
  public String range() {
    return range(start, end);
  }

  /** A range of bytes, its end exclusive. */
  static String range(long start, long end) {
    return Figures.address(start) + "-" + Figures.address(end);
  }
}
