package org.pfnlab.lab.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pfnlab.lab.BadInput;

/** Sizes as people write them: 4096, 64K, 256M, 1G, 16GiB. */
final class Sizes {
  private static final Pattern SIZE =
      Pattern.compile("(\\d{1,15})\\s*([KMGT]?)(?:I?B)?", Pattern.CASE_INSENSITIVE);
  private static final long LARGEST = 1L << 46;

  private Sizes() {}

  /**
   * Bytes.
   *
   * @throws BadInput if it is no size, or none from a page to 64 TiB
   */
  static long parse(String option, String typed) {
    Matcher size = SIZE.matcher(typed.strip());
    if (!size.matches()) {
      throw BadInput.because(option + " '" + typed + "' is no size; write it like 256M or 1G");
    }
    int shift = 10 * " KMGT".indexOf((size.group(2) + " ").toUpperCase(Locale.ROOT).charAt(0));
    long bytes = Long.parseLong(size.group(1));
    if (bytes > LARGEST >>> shift || bytes << shift < 4096) {
      throw BadInput.because(option + " '" + typed + "' is not from 4K to 64T; write it like 256M");
    }
    return bytes << shift;
  }
}
