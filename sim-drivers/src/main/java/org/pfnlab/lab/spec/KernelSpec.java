package org.pfnlab.lab.spec;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.lab.BadInput;

/**
 * A kernel as people write it: a release, then features and policies added ({@code +}) or taken
 * away ({@code -}). Features are written in capitals, policies in lower case with dashes: {@code
 * v6.1.192+CMA_HEAP_PFNMAP-X86_PAT+dmabuf-require-pfnmap}. Any release can be named; {@link
 * KnownKernel} lists those that were recorded.
 *
 * @param profile release and features
 * @param policies what is installed on top, in the order in which they are asked
 */
public record KernelSpec(KernelProfile profile, ImmutableList<Policy> policies) {
  private static final Pattern RELEASE = Pattern.compile("v?\\d+(?:\\.\\d+)*");
  private static final Pattern CHANGE =
      Pattern.compile("([+-])([A-Z][A-Z0-9_]*|[a-z][A-Za-z0-9_]*(?:-[a-z0-9][A-Za-z0-9_]*)*)");

  /** A release as it is. */
  public static KernelSpec of(Version version) {
    return new KernelSpec(KernelProfile.of(version.toString()), ImmutableList.of());
  }

  /**
   * Reads a spec, with the policies of {@link PolicyCatalog#standard}.
   *
   * @throws BadInput if it is none; the line names the nearest thing that would be
   */
  public static KernelSpec parse(String text) {
    return parse(text, PolicyCatalog.standard());
  }

  /**
   * Reads a spec with the policies of this catalog.
   *
   * @throws BadInput if it is none; the line names the nearest thing that would be
   */
  public static KernelSpec parse(String text, PolicyCatalog catalog) {
    Matcher release = RELEASE.matcher(text);
    if (!release.lookingAt()) {
      throw bad(text, "expected a release first, like " + examples());
    }
    KernelProfile profile = profile(text, release.group());
    List<Policy> policies = new ArrayList<>();
    Matcher change = CHANGE.matcher(text);
    for (int at = release.end(); at < text.length(); ) {
      if (!change.find(at) || change.start() != at) {
        throw bad(
            text, "expected +FEATURE, -FEATURE or +policy instead of '" + text.substring(at) + "'");
      }
      boolean add = change.group(1).equals("+");
      String name = known(change.group(2), catalog);
      Feature feature = FeatureCatalog.find(name);
      if (feature != null) {
        profile = add ? profile.with(feature) : profile.without(feature);
      } else {
        changePolicies(text, policies, policy(text, name, catalog), add);
      }
      at += 1 + name.length();
    }
    return new KernelSpec(profile, ImmutableList.copyOf(policies));
  }

  /**
   * A policy's name may be followed by a dash that takes another one away: try the longest first.
   */
  private static String known(String name, PolicyCatalog catalog) {
    for (int end = name.length(); end > 0; end = name.lastIndexOf('-', end - 1)) {
      if (catalog.find(name.substring(0, end)) != null) {
        return name.substring(0, end);
      }
    }
    return name;
  }

  private static KernelProfile profile(String text, String release) {
    try {
      return KernelProfile.of(release);
    } catch (IllegalArgumentException e) {
      throw bad(text, "'" + release + "' is no release, expected one like " + examples());
    }
  }

  private static Policy policy(String text, String name, PolicyCatalog catalog) {
    Policy policy = catalog.find(name);
    if (policy == null) {
      List<String> names = new ArrayList<>(FeatureCatalog.names());
      names.addAll(catalog.names());
      String near = Nearest.suggestion(name, names);
      throw bad(
          text,
          "no feature or policy is called '"
              + name
              + "'"
              + (near.isEmpty() ? catalog.all() : near));
    }
    return policy;
  }

  private static void changePolicies(String text, List<Policy> to, Policy policy, boolean add) {
    if (!add && !to.remove(policy)) {
      throw bad(
          text, "policy '" + policy.name() + "' is not installed, so it cannot be taken away");
    }
    if (add && !to.contains(policy)) {
      to.add(policy);
    }
  }

  private static BadInput bad(String text, String message) {
    return BadInput.because("kernel '" + text + "': " + message);
  }

  private static String examples() {
    List<String> names = new ArrayList<>();
    KnownKernel.all().forEach(known -> names.add(known.version().toString()));
    return String.join(", ", names);
  }

  /** The same kernel with this feature, which may be a setting of the machine. */
  public KernelSpec with(Feature feature) {
    return new KernelSpec(profile.with(feature), policies);
  }

  /**
   * The same kernel with one more policy.
   *
   * @throws BadInput if the catalog does not have it
   */
  public KernelSpec withPolicy(String name, PolicyCatalog catalog) {
    Policy policy = catalog.named(name);
    return policies.contains(policy)
        ? this
        : new KernelSpec(
            profile, ImmutableList.<Policy>builder().addAll(policies).add(policy).build());
  }

  /** What is known about this very release, or null for one between the recorded ones. */
  public @Nullable KnownKernel known() {
    return KnownKernel.find(profile.version());
  }

  /** Subscribes the policies to a kernel of this profile. */
  public void install(Kernel kernel) {
    for (Policy policy : policies) {
      policy.install(kernel.hooks(), kernel);
    }
  }

  /** The spec that reads back as this kernel. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(profile.toString());
    policies.forEach(policy -> text.append('+').append(policy.name()));
    return text.toString();
  }
}
