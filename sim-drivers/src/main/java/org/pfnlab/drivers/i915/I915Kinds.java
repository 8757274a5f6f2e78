package org.pfnlab.drivers.i915;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.drm.DumbBuffer;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Placement;

/** The kinds of i915. */
public final class I915Kinds {
  private static final long MIB = 1L << 20;

  private static final ImmutableList<Feature> FEATURES =
      ImmutableList.of(
          I915Features.I915_MMAP_IO,
          I915Features.I915_EVICTS_APERTURE,
          I915Features.I915_CLIPS_TO_VMA,
          I915Features.I915_ACCESS_CHECKS_END);

  private static final ImmutableList<Kind> ALL =
      ImmutableList.of(
          new Kind(
              "i915_gtt",
              "i915 object through a 256 MiB aperture reserved once, whole object in one fault",
              "vm_fault_gtt",
              FEATURES,
              (machine, placement) -> probe(machine, placement, 256 * MIB)),
          new Kind(
              "i915_gtt_partial",
              "i915 object through a 2 MiB aperture, in pieces of 1 MiB if it is larger",
              "vm_fault_gtt",
              FEATURES,
              (machine, placement) -> probe(machine, placement, 2 * MIB)));

  private I915Kinds() {}

  /** All of them. */
  public static ImmutableList<Kind> all() {
    return ALL;
  }

  private static Device probe(Machine machine, Placement placement, long size) {
    I915 i915 = I915.probe(machine, placement.choose(machine, 0xd000_0000L, size));
    if (i915 == null) {
      return pages -> ObjectUnderTest.refused(-Errno.EIO);
    }
    return pages -> {
      OpenFile file = i915.drm().open(OpenFile.FMODE_READ | OpenFile.FMODE_WRITE);
      return new DumbBuffer(file, i915.create(pages));
    };
  }
}
