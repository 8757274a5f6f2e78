package org.pfnlab.lab.spec;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Version;

/**
 * A release that the laboratory has been held against, or that people ask for by name.
 *
 * @param version the release
 * @param recorded whether recordings of exactly this release exist
 * @param about one line for lists and reports
 */
public record KnownKernel(Version version, boolean recorded, String about) {
  private static final ImmutableList<KnownKernel> ALL =
      ImmutableList.of(
          new KnownKernel(
              Version.parse("v5.11"), true, "as released, February 2021, when the thread began"),
          new KnownKernel(
              Version.parse("v6.1"),
              false,
              "as released, derived: v6.1.192 without its stable backports"),
          new KnownKernel(Version.parse("v6.1.192"), true, "a late stable release"),
          new KnownKernel(Version.parse("v6.18.2"), true, "driver mappings, huge PFN mappings"),
          new KnownKernel(
              Version.parse("v6.18.44"), true, "the process side: VMAs, faults, GUP, guards"));

  /** All of them, oldest first. */
  public static ImmutableList<KnownKernel> all() {
    return ALL;
  }

  /** This release, or null if it is none of them. */
  public static @Nullable KnownKernel find(Version version) {
    for (KnownKernel known : ALL) {
      if (known.version.equals(version)) {
        return known;
      }
    }
    return null;
  }
}
