package org.pfnlab.core.kernel;

/**
 * A rule that a kernel developer might want: it subscribes to the hook points of the rooms and
 * drivers that decide, and there allows, warns (through the kernel's log) or refuses with an errno.
 * Mainline is no policy at all.
 */
public interface Policy {
  /** Lower case with dashes, as it is written in a kernel spec: {@code dmabuf-require-pfnmap}. */
  String name();

  /** What the rule demands and who proposed it, in one sentence. */
  String origin();

  /** Subscribes. */
  void install(Hooks hooks, Kernel kernel);
}
