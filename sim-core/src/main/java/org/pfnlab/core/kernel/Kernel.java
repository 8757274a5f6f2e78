package org.pfnlab.core.kernel;

import org.pfnlab.core.meter.Meter;

/**
 * The small context that every room gets: which kernel, who counts, who listens, where it prints.
 */
public final class Kernel {
  private final KernelProfile profile;
  private final Hooks hooks = new Hooks();
  private final KernelLog log = new KernelLog();

  /** Counts and traces; a field because hot paths read it. */
  public final Meter meter = new Meter();

  /** current->comm: the name of the running task, which some log lines carry. */
  public String comm = "swapper";

  /** A kernel of this profile, without policies. */
  public Kernel(KernelProfile profile) {
    this.profile = profile;
  }

  /** Whether this kernel has the feature; hot rooms ask once, when they are built. */
  public boolean has(Feature feature) {
    return profile.has(feature);
  }

  /** The profile. */
  public KernelProfile profile() {
    return profile;
  }

  /** The hook points' listeners. */
  public Hooks hooks() {
    return hooks;
  }

  /** The kernel's log. */
  public KernelLog log() {
    return log;
  }
}
