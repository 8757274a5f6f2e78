package org.pfnlab.lab.replay;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.spec.PolicyCatalog;

/**
 * Who is held against the recordings.
 *
 * @param kernel the kernel, or null for the one that each recording was made on
 * @param policies names of policies to install on top
 * @param stopAtFirst whether the first mismatch of a recording ends it
 */
public record Contest(
    @Nullable KernelSpec kernel, ImmutableList<String> policies, boolean stopAtFirst) {

  /** The kernel for a recording that was made on this release. */
  KernelSpec kernelFor(Version recorded) {
    KernelSpec spec = kernel == null ? KernelSpec.of(recorded) : kernel;
    for (String policy : policies) {
      spec = spec.withPolicy(policy, PolicyCatalog.standard());
    }
    return spec;
  }
}
