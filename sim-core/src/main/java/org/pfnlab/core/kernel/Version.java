package org.pfnlab.core.kernel;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An exact kernel release: {@code v5.11} is 5.11.0, {@code v6.1.192} a late stable release.
 *
 * @param major first number
 * @param minor second number; major.minor names a mainline release
 * @param patch stable patch level, 0 for the release itself
 */
public record Version(int major, int minor, int patch) implements Comparable<Version> {
  private static final Pattern TEXT =
      Pattern.compile("v?(\\d{1,3})\\.(\\d{1,3})(?:\\.(\\d{1,4}))?");

  /**
   * Reads {@code v6.1.192}, {@code 6.1}.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static Version parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a kernel version; write it like v6.1 or v6.1.192");
    }
    String patch = matcher.group(3);
    return new Version(
        Integer.parseInt(matcher.group(1)),
        Integer.parseInt(matcher.group(2)),
        patch == null ? 0 : Integer.parseInt(patch));
  }

  /** Whether both are releases of the same series, as 6.1.0 and 6.1.192 are. */
  public boolean sameSeries(Version other) {
    return major == other.major && minor == other.minor;
  }

  @Override
  public int compareTo(Version other) {
    if (major != other.major) {
      return Integer.compare(major, other.major);
    }
    return minor != other.minor
        ? Integer.compare(minor, other.minor)
        : Integer.compare(patch, other.patch);
  }

  @Override
  public String toString() {
    return "v" + major + "." + minor + (patch == 0 ? "" : "." + patch);
  }
}
