package org.pfnlab.core.kernel;

import com.google.common.collect.ImmutableList;

/**
 * The releases that have a feature: one span of mainline, and the stable series that got it later
 * as a backport.
 *
 * @param from first mainline release that has it
 * @param until first mainline release that no longer has it, or one that never comes
 * @param backports first patch level of each older series that has it
 */
public record Releases(Version from, Version until, ImmutableList<Version> backports) {
  private static final Version FIRST = new Version(0, 0, 0);
  private static final Version NEVER = new Version(Integer.MAX_VALUE, 0, 0);

  /** Every release. */
  public static Releases always() {
    return new Releases(FIRST, NEVER, ImmutableList.of());
  }

  /** No release: something that only an explicit {@code +NAME} switches on. */
  public static Releases none() {
    return new Releases(NEVER, NEVER, ImmutableList.of());
  }

  /** From this mainline release on. */
  public static Releases since(String version) {
    return new Releases(Version.parse(version), NEVER, ImmutableList.of());
  }

  /** Up to, and without, this mainline release. */
  public static Releases before(String version) {
    return new Releases(FIRST, Version.parse(version), ImmutableList.of());
  }

  /** The same, but gone again from this mainline release on. */
  public Releases until(String version) {
    return new Releases(from, Version.parse(version), backports);
  }

  /** The same, and also in this older stable series from this patch level on: {@code v6.1.160}. */
  public Releases backportedTo(String version) {
    return new Releases(
        from,
        until,
        ImmutableList.<Version>builder().addAll(backports).add(Version.parse(version)).build());
  }

  /** Whether this release has the feature. */
  public boolean contain(Version version) {
    Version mainline = new Version(version.major(), version.minor(), 0);
    if (mainline.compareTo(from) >= 0 && mainline.compareTo(until) < 0) {
      return true;
    }
    for (Version backport : backports) {
      if (version.sameSeries(backport) && version.patch() >= backport.patch()) {
        return true;
      }
    }
    return false;
  }
}
