package org.pfnlab.drivers.toygpu;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomap.IoMapping;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.Zone;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.drivers.kind.PteTarget;

/**
 * The toy GPU: one BAR, 1,024 zeroed system pages, a device file. Each open file is told by its
 * {@link ToyMapping} how to map; the offset counts from the first page of the BAR or of the system
 * pages.
 */
public final class ToyGpu implements FrameHolder {
  /** How many system pages the driver owns. */
  public static final int SYSTEM_PAGES = 1024;

  private static final int SYSTEM_ORDER = 10;

  private final Machine machine;
  private final Bar bar;
  private final long systemPfn;
  private final AddressSpace mapping = AddressSpace.ofDevice();
  private final ToyFileOps fileOps;
  private @Nullable IoMapping ioMapping;

  private ToyGpu(Machine machine, Bar bar, long systemPfn) {
    this.machine = machine;
    this.bar = bar;
    this.systemPfn = systemPfn;
    this.fileOps = new ToyFileOps(this);
  }

  /**
   * Probes the device: allocates its pages. Nothing is reserved for the BAR yet. A machine has one
   * such device for each place, so probing it again finds what was probed before.
   *
   * @throws IllegalStateException if the machine has no 4 MiB of memory left in one piece
   */
  public static ToyGpu probe(Machine machine, Bar bar) {
    for (FrameHolder holder : machine.frameHolders()) {
      if (holder instanceof ToyGpu probed && probed.bar.equals(bar)) {
        return probed;
      }
    }
    Frames frames = machine.frames();
    long pfn = frames.alloc(SYSTEM_ORDER, Zone.NORMAL);
    if (pfn < 0) {
      throw new IllegalStateException(
          "no 4 MiB in one piece for the toy GPU; use a larger machine");
    }
    for (int i = 0; i < SYSTEM_PAGES; i++) {
      frames.zero(pfn + i);
    }
    ToyGpu gpu = new ToyGpu(machine, bar, pfn);
    machine.addFrameHolder(gpu);
    return gpu;
  }

  /**
   * Reserves the whole BAR write-combined (io_mapping_init_wc), or gives the reservation back.
   *
   * @return 0, or -EBUSY if it cannot be had
   */
  public long setIoMapping(boolean on) {
    IoMapping current = ioMapping;
    if (on && current == null) {
      ioMapping = IoMapping.initWc(machine.ioRemap(), bar.base(), bar.size());
      return ioMapping == null ? -Errno.EBUSY : 0;
    }
    if (!on && current != null) {
      current.fini();
      ioMapping = null;
    }
    return 0;
  }

  /**
   * set_pages_array_wc or set_pages_array_wb of the first system pages.
   *
   * @return 0, or -EINVAL if one of them has another mode already
   */
  public long setSystemPages(int pages, CacheMode mode) {
    if (pages > SYSTEM_PAGES) {
      return -Errno.EINVAL;
    }
    long[] pfns = new long[pages];
    for (int i = 0; i < pages; i++) {
      pfns[i] = systemPfn + i;
    }
    return machine.setMemory().pages(pfns, pages, mode);
  }

  /** Opens the device file; its mmap operation will do what the mapping says. */
  public OpenFile open(ToyMapping how, int mode) {
    OpenFile file = new OpenFile(fileOps, mapping, mode, "toygpu");
    file.privateData = how;
    return file;
  }

  /** unmap_mapping_range over the whole device file. */
  public void revoke(boolean evenCows) {
    machine.unmapMapping().range(mapping, 0, 0, evenCows);
  }

  /** How many pages of this memory there are. */
  public long pages(ToyMapping.Memory memory) {
    return memory == ToyMapping.Memory.BAR ? bar.pages() : SYSTEM_PAGES;
  }

  /** The page frame number of a page of this memory. */
  public long pfn(ToyMapping.Memory memory, long page) {
    return memory == ToyMapping.Memory.BAR ? bar.pfn(page) : systemPfn + page;
  }

  /** What a page frame is, BAR pages relative to this one. */
  public PteTarget target(long pfn, long firstBarPage) {
    if (bar.contains(pfn)) {
      return PteTarget.bar(pfn - bar.pfn(firstBarPage));
    }
    boolean system = pfn >= systemPfn && pfn < systemPfn + SYSTEM_PAGES;
    return system ? PteTarget.modsys(pfn - systemPfn) : PteTarget.OTHER;
  }

  /** The machine that it is plugged into. */
  Machine machine() {
    return machine;
  }

  /** The reservation of the whole BAR, or null. */
  @Nullable IoMapping ioMapping() {
    return ioMapping;
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (int i = 0; i < SYSTEM_PAGES; i++) {
      references.mergeInt(systemPfn + i, 1, Integer::sum);
    }
  }
}
