package org.pfnlab.core.kernel;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;

/**
 * A kernel: an exact release, and features added or taken away.
 *
 * @param version the release whose features are the base
 * @param added features that this kernel has although the release has not
 * @param removed features that this kernel lacks although the release has them
 */
public record KernelProfile(
    Version version, ImmutableSet<Feature> added, ImmutableSet<Feature> removed) {

  /** The release as it is, on x86-64. */
  public static KernelProfile of(String version) {
    return new KernelProfile(Version.parse(version), ImmutableSet.of(), ImmutableSet.of());
  }

  /** Whether this kernel has the feature. */
  public boolean has(Feature feature) {
    return added.contains(feature)
        || (!removed.contains(feature) && feature.releases().contain(version));
  }

  /** The same kernel with this feature. */
  public KernelProfile with(Feature feature) {
    return new KernelProfile(
        version,
        Sets.union(added, ImmutableSet.of(feature)).immutableCopy(),
        Sets.difference(removed, ImmutableSet.of(feature)).immutableCopy());
  }

  /** The same kernel without this feature. */
  public KernelProfile without(Feature feature) {
    return new KernelProfile(
        version,
        Sets.difference(added, ImmutableSet.of(feature)).immutableCopy(),
        Sets.union(removed, ImmutableSet.of(feature)).immutableCopy());
  }

  /** The spec that reads back as this profile: {@code v6.1.192+CMA_HEAP_PFNMAP-X86_PAT}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(version.toString());
    added.forEach(feature -> text.append('+').append(feature.name()));
    removed.forEach(feature -> text.append('-').append(feature.name()));
    return text.toString();
  }
}
