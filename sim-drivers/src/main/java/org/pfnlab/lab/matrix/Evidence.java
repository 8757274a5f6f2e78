package org.pfnlab.lab.matrix;

import com.google.common.collect.ImmutableSet;
import java.util.Locale;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.lab.spec.KernelSpec;

/** How a verdict is known, besides that the model says so. */
public enum Evidence {
  /** A real kernel of exactly this release was asked; tests hold the model to its answer. */
  RECORDED(
      "",
      "recorded on a real kernel of this release (of get_user_pages: the pages, not the errno)"),
  /** Nobody recorded it, but the model follows this very release's source. */
  READ("~", "read in the source of this release, not recorded"),
  /** Another release, or a kernel that was never built. */
  INFERRED("?", "inferred from releases before and behind, or from a rule that nobody runs");

  /** Releases whose source was read from one end to the other for what is modelled here. */
  private static final ImmutableSet<Version> SOURCES =
      ImmutableSet.of(Version.parse("v5.11"), Version.parse("v6.1.192"), Version.parse("v6.18.2"));

  private final String mark;
  private final String meaning;

  Evidence(String mark, String meaning) {
    this.mark = mark;
    this.meaning = meaning;
  }

  /** What stands behind an outcome in tables. */
  public String mark() {
    return mark;
  }

  /** {@code recorded}, {@code read} or {@code inferred}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** One line for legends. */
  public String meaning() {
    return meaning;
  }

  /**
   * How a verdict about this kernel is known.
   *
   * @param covered whether a recording of its release covers the cell
   */
  static Evidence of(KernelSpec kernel, boolean covered) {
    if (!isRelease(kernel) || !SOURCES.contains(kernel.profile().version())) {
      return INFERRED;
    }
    return covered ? RECORDED : READ;
  }

  /**
   * How it is known what a shared mapping of this kind is like.
   *
   * @param inferred whether the driver's behaviour was concluded rather than read
   */
  public static Evidence ofMapping(KernelSpec kernel, Kind kind, boolean inferred) {
    boolean covered =
        Recorded.standard()
            .covers(kernel.profile().version(), Subject.of(kind), true, Operations.MMAP);
    Evidence known = of(kernel, covered);
    return inferred && known == READ ? INFERRED : known;
  }

  /** Whether it is a release as it is, without features or policies added or taken away. */
  private static boolean isRelease(KernelSpec kernel) {
    KernelProfile profile = kernel.profile();
    return profile.added().isEmpty() && profile.removed().isEmpty() && kernel.policies().isEmpty();
  }
}
