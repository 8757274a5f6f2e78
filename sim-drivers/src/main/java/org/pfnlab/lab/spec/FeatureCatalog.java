package org.pfnlab.lab.spec;

import static com.google.common.collect.ImmutableList.toImmutableList;
import static com.google.common.collect.ImmutableSet.toImmutableSet;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;

/** Every feature that can be named in a kernel spec. */
public final class FeatureCatalog {
  private FeatureCatalog() {}

  /** The feature of this name, or null. */
  public static @Nullable Feature find(String name) {
    Feature feature = Feature.find(name);
    if (feature == null) {
      ModelConstants.initialiseAll();
      feature = Feature.find(name);
    }
    return feature;
  }

  /** All features, sorted by name. */
  public static ImmutableList<Feature> all() {
    ModelConstants.initialiseAll();
    return Feature.all().stream()
        .sorted(Comparator.comparing(Feature::name))
        .collect(toImmutableList());
  }

  /** All names, sorted. */
  public static ImmutableSet<String> names() {
    return all().stream().map(Feature::name).collect(toImmutableSet());
  }
}
