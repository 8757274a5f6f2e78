package org.pfnlab.drivers.toydma;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.drivers.dma.DmaBuffer;
import org.pfnlab.drivers.dma.DmaDevice;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;

/** Every pair of allocating and mapping functions, with direct DMA and behind an IOMMU. */
public final class ToyDmaKinds {
  /** The test module's buffers have this many pages at least. */
  private static final int PAGES = 1024;

  private static final ImmutableList<Kind> ALL = kinds();

  private ToyDmaKinds() {}

  /** All of them. */
  public static ImmutableList<Kind> all() {
    return ALL;
  }

  private static ImmutableList<Kind> kinds() {
    ImmutableList.Builder<Kind> kinds = ImmutableList.builder();
    for (DmaApi api : DmaApi.values()) {
      kinds.add(kind(api, false));
      kinds.add(kind(api, true));
    }
    return kinds.build();
  }

  private static Kind kind(DmaApi api, boolean translated) {
    ImmutableList<Feature> features =
        api == DmaApi.NONCONTIGUOUS
            ? ImmutableList.of(DmaDevice.DMA_ALLOC_NONCONTIGUOUS)
            : ImmutableList.of();
    return new Kind(
        api.label() + (translated ? "_iommu" : "_direct"),
        api.symbol() + " of a buffer " + (translated ? "behind an IOMMU" : "with direct DMA"),
        api.symbol(),
        features,
        (machine, placement) -> device(machine, api, translated));
  }

  private static Device device(Machine machine, DmaApi api, boolean translated) {
    boolean exists =
        api != DmaApi.NONCONTIGUOUS || machine.kernel().has(DmaDevice.DMA_ALLOC_NONCONTIGUOUS);
    if (!exists) {
      return pages -> ObjectUnderTest.refused(-Errno.ENOSYS);
    }
    ToyDma driver = new ToyDma(machine, api, translated, FlagsAround.NONE);
    return pages -> {
      DmaBuffer buffer = driver.alloc((int) Math.max(pages, PAGES));
      return buffer == null ? ObjectUnderTest.refused(-Errno.ENOMEM) : driver.underTest(buffer);
    };
  }
}
