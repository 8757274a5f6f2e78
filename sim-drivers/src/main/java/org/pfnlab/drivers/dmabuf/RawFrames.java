package org.pfnlab.drivers.dmabuf;

import org.pfnlab.core.kernel.HookPoint;
import org.pfnlab.core.kernel.Kernel;

/**
 * Listens where an exporter decides how its pages are mapped: as raw frames (VM_PFNMAP and
 * vmf_insert_pfn) rather than as the counted pages of its release.
 */
@FunctionalInterface
public interface RawFrames {
  /** Whether raw frames are wanted. */
  boolean isWanted();

  /** A hook point for one exporter. */
  static HookPoint<RawFrames> point(String name) {
    return HookPoint.define(name, (first, second) -> () -> first.isWanted() || second.isWanted());
  }

  /** Whether somebody listens at this point and wants raw frames. */
  static boolean isAsked(Kernel kernel, HookPoint<RawFrames> point) {
    RawFrames listener = kernel.hooks().get(point);
    return listener != null && listener.isWanted();
  }
}
