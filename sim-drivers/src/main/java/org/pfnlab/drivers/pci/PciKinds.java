package org.pfnlab.drivers.pci;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.drivers.kind.BarPieces;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.FileObject;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Opened;
import org.pfnlab.drivers.kind.PteTarget;

/** BARs as sysfs offers them. */
public final class PciKinds {
  private static final ImmutableList<Kind> ALL =
      ImmutableList.of(
          kind("pcisysfs_resource2", "resource2 of a PCI device: a BAR, UC-", false),
          kind("pcisysfs_resource2_wc", "resource2_wc of a PCI device: a BAR, WC", true));

  private PciKinds() {}

  /** All of them. */
  public static ImmutableList<Kind> all() {
    return ALL;
  }

  private static Kind kind(String name, String about, boolean writeCombined) {
    ImmutableList<Feature> features =
        writeCombined ? ImmutableList.of(Arch.X86_PAT) : ImmutableList.of();
    return new Kind(
        name,
        about,
        "pci_mmap_resource",
        features,
        (machine, placement) -> {
          if (writeCombined && !machine.kernel().has(Arch.X86_PAT)) {
            return pages -> ObjectUnderTest.refused(-Errno.ENOENT);
          }
          Bar bar = placement.choose(machine, Bar.RECORDED.base(), Bar.RECORDED.size());
          PciResourceFile resource = new PciResourceFile(machine, bar, writeCombined);
          return new ResourceDevice(resource, new BarPieces(bar.pages()));
        });
  }

  private record ResourceDevice(PciResourceFile resource, BarPieces pieces) implements Device {
    @Override
    public ObjectUnderTest open(long pages) {
      return new ResourceObject(resource, pieces.take(pages));
    }
  }

  private static final class ResourceObject extends FileObject {
    private final PciResourceFile resource;
    private final long first;

    ResourceObject(PciResourceFile resource, long first) {
      super(
          resource.open(OpenFile.FMODE_READ | OpenFile.FMODE_WRITE),
          first << 12,
          resource.bar().pages() - first);
      this.resource = resource;
      this.first = first;
    }

    @Override
    public Opened reopen(int mode) {
      return Opened.of(resource.open(mode));
    }

    @Override
    public long word(long page) {
      return resource.machine().frames().loadWord(resource.bar().pfn(first + page), 0);
    }

    @Override
    public PteTarget target(long pfn) {
      Bar bar = resource.bar();
      return bar.contains(pfn) ? PteTarget.bar(pfn - bar.pfn(first)) : PteTarget.OTHER;
    }
  }
}
