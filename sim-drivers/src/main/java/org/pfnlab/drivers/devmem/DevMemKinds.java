package org.pfnlab.drivers.devmem;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.drivers.kind.BarPieces;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.Placement;
import org.pfnlab.drivers.kind.PteTarget;

/** What people map through /dev/mem: a BAR, a hole in RAM, RAM itself. */
public final class DevMemKinds {
  /** Size of the hole that the recorded machines have, in pages. */
  private static final long HOLE_PAGES = 32L << 8;

  private static final ImmutableList<Kind> ALL =
      ImmutableList.of(
          kind(
              "devmem_bar",
              "/dev/mem, a BAR",
              (machine, placement) -> bar(machine, placement, false)),
          kind(
              "devmem_bar_osync",
              "/dev/mem opened with O_SYNC, a BAR",
              (machine, placement) -> bar(machine, placement, true)),
          kind(
              "devmem_ram_hole",
              "/dev/mem, physical addresses that belong to nobody",
              (machine, placement) -> hole(machine)),
          kind(
              "devmem_system_ram",
              "/dev/mem, pages that some driver allocated",
              (machine, placement) -> systemRam(machine)));

  private DevMemKinds() {}

  /** All of them. */
  public static ImmutableList<Kind> all() {
    return ALL;
  }

  private static Kind kind(String name, String about, Kind.Probe probe) {
    return new Kind(
        name, about, "mmap_mem", ImmutableList.of(DevMem.DEVMEM_PAT_REFUSES_RAM), probe);
  }

  private static Device bar(Machine machine, Placement placement, boolean sync) {
    Bar bar = placement.choose(machine, Bar.RECORDED.base(), Bar.RECORDED.size());
    DevMem devMem = new DevMem(machine);
    BarPieces pieces = new BarPieces(bar.pages());
    return pages -> {
      long first = bar.pfn(pieces.take(pages));
      return new DevMemObject(
          machine,
          devMem,
          sync,
          first,
          pages,
          pfn -> bar.contains(pfn) ? PteTarget.bar(pfn - first) : PteTarget.OTHER);
    };
  }

  private static Device hole(Machine machine) {
    long hole = firstHole(machine.iomem());
    DevMem devMem = new DevMem(machine);
    BarPieces pieces = new BarPieces(HOLE_PAGES);
    return pages -> {
      long first = hole + pieces.take(pages);
      return new DevMemObject(
          machine,
          devMem,
          false,
          first,
          pages,
          pfn ->
              pfn >= hole && pfn < hole + HOLE_PAGES
                  ? PteTarget.ramHole(pfn - first)
                  : PteTarget.OTHER);
    };
  }

  /** The first gap of this size between top-level resources, or behind them all. */
  private static long firstHole(ResourceTree iomem) {
    long behind = 0;
    for (int i = 0; i < iomem.size(); i = iomem.next(i)) {
      if ((iomem.start(i) >>> 12) - behind >= HOLE_PAGES) {
        return behind;
      }
      behind = Math.max(behind, (iomem.end(i) + 4096) >>> 12);
    }
    return behind;
  }

  private static Device systemRam(Machine machine) {
    KernelPages ram = KernelPages.allocate(machine);
    DevMem devMem = new DevMem(machine);
    return pages -> new DevMemObject(machine, devMem, false, ram.pfn(), pages, ram::target);
  }
}
