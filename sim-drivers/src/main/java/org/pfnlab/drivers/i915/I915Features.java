package org.pfnlab.drivers.i915;

import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Releases;

/** What changed in i915's mappings between the releases. */
public final class I915Features {
  /** Mappings are VM_IO as well. */
  public static final Feature I915_MMAP_IO =
      Feature.define(
          "I915_MMAP_IO",
          "read in v6.1, absent from v5.11; the release between was not looked up",
          Releases.since("v6.1"));

  /** A fault that finds no room empties the aperture once; before, that was a BUG. */
  public static final Feature I915_EVICTS_APERTURE =
      Feature.define(
          "I915_EVICTS_APERTURE",
          "read in v6.1, absent from v5.11; the release between was not looked up",
          Releases.since("v6.1"));

  /**
   * A fault maps the part of the view that lies inside the VMA; before, only the length was
   * clipped, and entries could land behind the VMA's end (CVE-2024-42259).
   */
  public static final Feature I915_CLIPS_TO_VMA =
      Feature.define(
          "I915_CLIPS_TO_VMA",
          "CVE-2024-42259, v6.11; read in 6.1.192 as a backport, whose first patch level is from"
              + " memory",
          Releases.since("v6.11").backportedTo("v6.1.105"));

  /** vm_access checks the end of the access too; before, only its start. */
  public static final Feature I915_ACCESS_CHECKS_END =
      Feature.define(
          "I915_ACCESS_CHECKS_END",
          "read in v6.1, absent from v5.11; the release between was not looked up",
          Releases.since("v6.1"));

  private I915Features() {}
}
