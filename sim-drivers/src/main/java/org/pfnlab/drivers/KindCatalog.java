package org.pfnlab.drivers;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import org.jspecify.annotations.Nullable;
import org.pfnlab.drivers.devmem.DevMemKinds;
import org.pfnlab.drivers.exporter.ExporterKinds;
import org.pfnlab.drivers.heap.HeapKinds;
import org.pfnlab.drivers.i915.I915Kinds;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.pci.PciKinds;
import org.pfnlab.drivers.toydma.ToyDmaKinds;
import org.pfnlab.drivers.toygpu.ToyGpuKinds;
import org.pfnlab.drivers.ttm.TtmKinds;
import org.pfnlab.drivers.udmabuf.UdmabufKinds;
import org.pfnlab.drivers.vgem.VgemKinds;

/** Every kind of mapping that the bundled drivers can make, by name. */
public final class KindCatalog {
  private static final KindCatalog STANDARD =
      of(
          ImmutableList.<Kind>builder()
              .addAll(ToyGpuKinds.all())
              .addAll(ToyDmaKinds.all())
              .addAll(DevMemKinds.all())
              .addAll(PciKinds.all())
              .addAll(HeapKinds.all())
              .addAll(UdmabufKinds.all())
              .addAll(TtmKinds.all())
              .addAll(VgemKinds.all())
              .addAll(I915Kinds.all())
              .addAll(ExporterKinds.all())
              .build());

  private final ImmutableMap<String, Kind> byName;

  private KindCatalog(ImmutableMap<String, Kind> byName) {
    this.byName = byName;
  }

  /** The bundled drivers' kinds. */
  public static KindCatalog standard() {
    return STANDARD;
  }

  /**
   * A catalog of these kinds, for instance the standard ones and a driver of your own.
   *
   * @throws IllegalArgumentException if two have one name, or a name is not lower case with
   *     underscores
   */
  public static KindCatalog of(Iterable<Kind> kinds) {
    ImmutableMap.Builder<String, Kind> byName = ImmutableMap.builder();
    for (Kind kind : kinds) {
      if (!kind.name().matches("[a-z][a-z0-9]*(_[a-z0-9]+)*")) {
        throw new IllegalArgumentException(
            "kind name " + kind.name() + " must be lower case with underscores");
      }
      byName.put(kind.name(), kind);
    }
    return new KindCatalog(byName.buildOrThrow());
  }

  /** The kind of this name, or null. */
  public @Nullable Kind find(String name) {
    return byName.get(name);
  }

  /** All names, in the order of the drivers. */
  public ImmutableSet<String> names() {
    return byName.keySet();
  }

  /** All kinds, in the order of the drivers. */
  public ImmutableList<Kind> kinds() {
    return byName.values().asList();
  }
}
