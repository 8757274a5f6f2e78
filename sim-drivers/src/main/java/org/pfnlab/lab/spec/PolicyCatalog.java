package org.pfnlab.lab.spec;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.drivers.policy.DriverPolicies;
import org.pfnlab.lab.BadInput;

/** The policies that can be named in a kernel spec; every driver contributes its own. */
public final class PolicyCatalog {
  private static final PolicyCatalog STANDARD = of(DriverPolicies.all());

  private final ImmutableMap<String, Policy> byName;

  private PolicyCatalog(ImmutableMap<String, Policy> byName) {
    this.byName = byName;
  }

  /** What the core and all bundled drivers offer. */
  public static PolicyCatalog standard() {
    return STANDARD;
  }

  /**
   * A catalog of these policies.
   *
   * @throws IllegalArgumentException if two have one name, or a name is not lower case with dashes
   */
  public static PolicyCatalog of(Iterable<Policy> policies) {
    ImmutableMap.Builder<String, Policy> byName = ImmutableMap.builder();
    for (Policy policy : policies) {
      if (!policy.name().matches("[a-z][a-z0-9]*(-[a-z0-9]+)*")) {
        throw new IllegalArgumentException(
            "policy name " + policy.name() + " must be lower case with dashes");
      }
      byName.put(policy.name(), policy);
    }
    return new PolicyCatalog(byName.buildOrThrow());
  }

  /** The policy of this name, or null. */
  public @Nullable Policy find(String name) {
    return byName.get(name);
  }

  /**
   * The policy of this name.
   *
   * @throws BadInput if there is none; the line names the nearest one, or all
   */
  public Policy named(String name) {
    Policy policy = find(name);
    if (policy == null) {
      String near = Nearest.suggestion(name, names());
      throw BadInput.because(
          "no policy is called '" + name + "'" + (near.isEmpty() ? all() : near));
    }
    return policy;
  }

  /**
   * {@code "; policies are dmabuf-refuse-cow, ..."}, for a message about one that does not exist.
   */
  String all() {
    return "; policies are " + String.join(", ", names());
  }

  /** All names, in the order of their coming. */
  public ImmutableSet<String> names() {
    return byName.keySet();
  }

  /** All policies, in the order of their coming. */
  public ImmutableList<Policy> policies() {
    return byName.values().asList();
  }
}
