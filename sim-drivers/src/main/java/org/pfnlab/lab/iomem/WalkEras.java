package org.pfnlab.lab.iomem;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.iomem.IomemFeatures;
import org.pfnlab.core.iomem.ResourceWalk;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.kernel.Version;

/** Which releases walk the resource tree in which way, as the features of the core have it. */
public final class WalkEras {
  private static final int[] LAST_MINOR = {20, 19, 19, 0};
  private static final int FIRST_MAJOR = 4;

  private WalkEras() {}

  /** The short name of a walk, in tables. */
  public static String shortName(ResourceWalk walk) {
    return switch (walk) {
      case FIRST_LEVEL -> "first level";
      case SIBLINGS_THEN_PREORDER -> "skip";
      case PREORDER -> "full";
    };
  }

  /** What it does, in half a sentence. */
  public static String about(ResourceWalk walk) {
    return switch (walk) {
      case FIRST_LEVEL -> "compares the first level only";
      case SIBLINGS_THEN_PREORDER ->
          "skips the children of first-level resources that end below the address";
      case PREORDER -> "compares every resource up to the address";
    };
  }

  /**
   * The releases that walk so: {@code v5.3 to v5.12, since v6.19; stable from v6.1.192, v6.12.117,
   * v6.18.2}.
   */
  public static String releases(ResourceWalk walk) {
    List<String> spans = new ArrayList<>();
    List<Version> mainline = mainline();
    int n = mainline.size();
    for (int from = 0; from < n; ) {
      int to = from;
      while (to < n && walk(mainline.get(to)) == walk) {
        to++;
      }
      if (to > from) {
        spans.add(span(mainline, from, to));
      }
      from = to + 1;
    }
    String text = String.join(", ", spans);
    List<String> stable = new ArrayList<>();
    for (Version version : IomemFeatures.IOMEM_SKIP_CHILDREN.releases().backports()) {
      if (walk(version) == walk) {
        stable.add(version.toString());
      }
    }
    return stable.isEmpty() ? text : text + "; stable from " + String.join(", ", stable);
  }

  private static String span(List<Version> mainline, int from, int to) {
    if (from == 0) {
      return "until " + mainline.get(to - 1);
    }
    if (to == mainline.size()) {
      return "since " + mainline.get(from);
    }
    return to == from + 1
        ? mainline.get(from).toString()
        : mainline.get(from) + " to " + mainline.get(to - 1);
  }

  private static ResourceWalk walk(Version version) {
    return ResourceWalk.of(new Kernel(KernelProfile.of(version.toString())));
  }

  /** Mainline releases from v4.0 to the newest that was read. */
  private static ImmutableList<Version> mainline() {
    ImmutableList.Builder<Version> list = ImmutableList.builder();
    for (int i = 0; i < LAST_MINOR.length; i++) {
      for (int minor = 0; minor <= LAST_MINOR[i]; minor++) {
        list.add(new Version(FIRST_MAJOR + i, minor, 0));
      }
    }
    return list.build();
  }
}
