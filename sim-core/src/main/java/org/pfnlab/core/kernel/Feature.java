package org.pfnlab.core.kernel;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that a kernel has or has not: a behaviour that came with a commit, a backport, a
 * configuration symbol, an architecture's ability.
 *
 * <p>The model asks {@code kernel.has(X)} and never compares versions; which releases have a
 * feature is told once, here, with its origin. Features are open: core and every driver define
 * their own constants; ids are dense. Names are written in capitals, so that a kernel spec can tell
 * them from policies: {@code v6.1.192+CMA_HEAP_PFNMAP-X86_PAT}.
 */
public final class Feature {
  private static final List<Feature> ALL = new ArrayList<>();

  private final int id;
  private final String name;
  private final String origin;
  private final Releases releases;

  private Feature(int id, String name, String origin, Releases releases) {
    this.id = id;
    this.name = name;
    this.origin = origin;
    this.releases = releases;
  }

  /**
   * Defines a feature; call it once, from a static initialiser.
   *
   * @param name capitals, digits and underscores
   * @param origin what it changes, and the commit or release that brought it
   * @param releases which mainline and stable releases have it
   * @throws IllegalArgumentException if the name is taken or malformed
   */
  public static synchronized Feature define(String name, String origin, Releases releases) {
    if (!name.matches("[A-Z][A-Z0-9_]*")) {
      throw new IllegalArgumentException("feature name " + name + " must be written in capitals");
    }
    if (find(name) != null) {
      throw new IllegalArgumentException("feature " + name + " is defined twice");
    }
    Feature feature = new Feature(ALL.size(), name, origin, releases);
    ALL.add(feature);
    return feature;
  }

  /** All features of the classes loaded so far, by id. */
  public static synchronized ImmutableList<Feature> all() {
    return ImmutableList.copyOf(ALL);
  }

  /** The feature with this name, or null. */
  public static synchronized @Nullable Feature find(String name) {
    for (Feature feature : ALL) {
      if (feature.name.equals(name)) {
        return feature;
      }
    }
    return null;
  }

  /** The dense id. */
  public int id() {
    return id;
  }

  /** The name, in capitals. */
  public String name() {
    return name;
  }

  /** What it changes and where it came from. */
  public String origin() {
    return origin;
  }

  /** The releases that have it without being asked. */
  public Releases releases() {
    return releases;
  }

  @Override
  public String toString() {
    return name;
  }
}
