package org.pfnlab.lab.replay.battery;

import com.google.common.collect.ImmutableMap;
import java.util.HashMap;
import java.util.Map;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.fill.FillTime;
import org.pfnlab.drivers.fill.Inserter;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.FileObject;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Opened;
import org.pfnlab.drivers.kind.PteTarget;
import org.pfnlab.drivers.toygpu.ToyGpu;
import org.pfnlab.drivers.toygpu.ToyMapping;
import org.pfnlab.drivers.toygpu.ToyMapping.Cache;
import org.pfnlab.drivers.toygpu.ToyMapping.Memory;
import org.pfnlab.lab.verdict.NotModelled;

/**
 * One BAR and everything through which user space can map it: its driver's device file in several
 * ways, /dev/mem and sysfs.
 */
final class BarFiles {
  private static final long IO_PFNMAP =
      VmFlags.VM_PFNMAP | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP | VmFlags.VM_IO;

  private static final ImmutableMap<String, ToyMapping> BY_DRIVER =
      ImmutableMap.of(
          "mod_remap_wc", remap(Cache.WRITE_COMBINE),
          "mod_remap_ucminus", remap(Cache.UNCACHED_MINUS),
          "mod_remap_wb", remap(Cache.DEFAULT),
          "mod_insert_pfn_wc", onFault(FillTime.EACH_FAULT, Inserter.INSERT_PFN),
          "mod_iomap_prefault", onFault(FillTime.FIRST_FAULT, Inserter.APPLY_SPECIAL));

  /** Ways past the driver, and the kinds that they are in the catalog. */
  private static final ImmutableMap<String, String> BY_OTHERS =
      ImmutableMap.of(
          "devmem", "devmem_bar",
          "devmem_osync", "devmem_bar_osync",
          "pcisysfs_resource2", "pcisysfs_resource2",
          "pcisysfs_resource2_wc", "pcisysfs_resource2_wc");

  /** How many pages an object of a catalog's kind is asked for; mappings may leave them. */
  private static final long OBJECT_PAGES = 16;

  private final Machine machine;
  private final Bar bar;
  private final ToyGpu gpu;
  private final Map<String, Device> devices = new HashMap<>();

  /** Probes the driver of a BAR. */
  BarFiles(Machine machine, Bar bar) {
    this.machine = machine;
    this.bar = bar;
    this.gpu = ToyGpu.probe(machine, bar);
  }

  private static ToyMapping remap(Cache cache) {
    return ToyMapping.of(Memory.BAR, FillTime.AT_MMAP, Inserter.REMAP_PFN_RANGE, cache, 0);
  }

  private static ToyMapping onFault(FillTime time, Inserter inserter) {
    return ToyMapping.of(Memory.BAR, time, inserter, Cache.WRITE_COMBINE, IO_PFNMAP);
  }

  /**
   * A file that maps the BAR.
   *
   * @param file the file, with one reference
   * @param offset where in it the first page of the BAR lies, in bytes
   */
  record BarFile(Opened file, long offset) {}

  /** Whether mappings of this label show what the driver's io_mapping reserved. */
  static boolean needsReservation(String label) {
    ToyMapping how = BY_DRIVER.get(label);
    return how != null && how.inserter() == Inserter.APPLY_SPECIAL;
  }

  /** Whether a private mapping would end in a BUG, so that the program leaves it out. */
  static boolean isBugWhenPrivate(String label) {
    ToyMapping how = BY_DRIVER.get(label);
    return how != null && how.inserter() == Inserter.INSERT_PFN;
  }

  /** Whether the driver can take away what is mapped like this. */
  static boolean isDrivers(String label) {
    return BY_DRIVER.containsKey(label);
  }

  /**
   * Makes sure that {@link #open} works.
   *
   * @throws NotModelled if there is no such way
   */
  void require(String label) {
    if (!BY_DRIVER.containsKey(label)) {
      device(label);
    }
  }

  /**
   * Opens it.
   *
   * @throws NotModelled if there is no such way
   */
  BarFile open(String label) {
    ToyMapping how = BY_DRIVER.get(label);
    if (how != null) {
      return new BarFile(Opened.of(gpu.open(how, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE)), 0);
    }
    ObjectUnderTest object = device(label).open(OBJECT_PAGES);
    if (object.errno() != 0) {
      return new BarFile(Opened.refused(object.errno()), 0);
    }
    PteTarget first = object.target(bar.pfn(0));
    if (first.what() != PteTarget.What.BAR) {
      throw new IllegalStateException("objects of " + label + " do not lie in the BAR");
    }
    return new BarFile(Opened.of(object.file()), object.offset() + (first.page() << 12));
  }

  private Device device(String label) {
    Device known = devices.get(label);
    if (known != null) {
      return known;
    }
    String name = BY_OTHERS.get(label);
    Kind kind = name == null ? null : KindCatalog.standard().find(name);
    if (kind == null) {
      throw new NotModelled("kind " + label);
    }
    Device device = kind.on(machine);
    devices.put(label, device);
    return device;
  }

  /** The BAR as an object whose first page is the BAR's. */
  ObjectUnderTest whole() {
    return new Whole(gpu.open(remap(Cache.DEFAULT), OpenFile.FMODE_READ));
  }

  ToyGpu gpu() {
    return gpu;
  }

  private final class Whole extends FileObject {
    Whole(OpenFile file) {
      super(file, 0, bar.pages());
    }

    @Override
    public Opened reopen(int mode) {
      return Opened.of(gpu.open(remap(Cache.DEFAULT), mode));
    }

    @Override
    public long word(long page) {
      return machine.frames().loadWord(bar.pfn(page), 0);
    }

    @Override
    public PteTarget target(long pfn) {
      return gpu.target(pfn, 0);
    }
  }
}
