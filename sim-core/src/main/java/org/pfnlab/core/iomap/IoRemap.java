package org.pfnlab.core.iomap;

import it.unimi.dsi.fastutil.longs.Long2ObjectOpenHashMap;
import org.pfnlab.core.iomem.Iores;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.pat.PageAttributeTable;
import org.pfnlab.core.phys.Frames;

/**
 * ioremap and its kin (arch/x86/mm/ioremap.c): device memory mapped for the kernel, with a
 * reservation of its cache mode. It fails by returning NULL, never an errno.
 *
 * <p>Kernel addresses are handed out upwards and never again. Left out: the kernel's page tables,
 * whose leaves are only counted; MTRRs that forbid large leaves, memory encryption.
 */
public final class IoRemap {
  /** ioremap, whatever the mode. */
  public static final Event IOREMAP = Event.define("iomap.ioremap", "__ioremap_caller");

  /** iounmap. */
  public static final Event IOUNMAP = Event.define("iomap.iounmap", "iounmap");

  /** Kernel leaves of 1G written. */
  public static final Event LEAF_1G = Event.define("iomap.leaf_1g", "1G leaves for ioremap");

  /** Kernel leaves of 2M written. */
  public static final Event LEAF_2M = Event.define("iomap.leaf_2m", "2M leaves for ioremap");

  /** Kernel leaves of 4K written. */
  public static final Event LEAF_4K = Event.define("iomap.leaf_4k", "4K leaves for ioremap");

  /** VMALLOC_START of x86-64 with four levels and no KASLR. */
  public static final long VMALLOC_START = 0xffff_c900_0000_0000L;

  /** Physical addresses of this many bits exist (x86_phys_bits). */
  public static final int PHYS_BITS = 46;

  private static final long OFFSET = 4095;
  private static final int MAX_ALIGN_SHIFT = 30;
  private static final long[] LEAF_SIZES = {1L << 30, 1L << 21, 1L << 12};
  private static final Event[] LEAF_EVENTS = {LEAF_1G, LEAF_2M, LEAF_4K};

  private final Kernel kernel;
  private final Meter meter;
  private final ResourceTree iomem;
  private final Frames frames;
  private final Memtypes memtypes;
  private final PageAttributeTable table;
  private final Long2ObjectOpenHashMap<Area> areas = new Long2ObjectOpenHashMap<>();
  private long next = VMALLOC_START;
  private boolean ramSeen;

  /** vm_struct of one ioremap: whole pages. */
  private record Area(long phys, long size, CacheMode mode) {}

  /** Maps by the rules of this kernel. */
  public IoRemap(Kernel kernel, ResourceTree iomem, Frames frames, Memtypes memtypes) {
    this.kernel = kernel;
    this.meter = kernel.meter;
    this.iomem = iomem;
    this.frames = frames;
    this.memtypes = memtypes;
    this.table = PageAttributeTable.of(kernel);
  }

  /**
   * ioremap (UC-), ioremap_wc, ioremap_uc, ioremap_wt, ioremap_cache, by the mode. A range that has
   * a reservation of another, permitted mode is mapped with that one.
   *
   * @param phys first byte
   * @param size in bytes
   * @return the kernel's virtual address, or 0 for NULL: nothing to map, RAM, no permitted mode
   */
  public long ioremap(long phys, long size, CacheMode wanted) {
    meter.count(IOREMAP);
    if (meter.tracing) {
      meter.enter("__ioremap_caller", phys, size);
    }
    long address = map(phys, size, wanted);
    if (meter.tracing) {
      meter.exit("__ioremap_caller", address);
    }
    return address;
  }

  private long map(long phys, long size, CacheMode wanted) {
    long last = phys + size - 1;
    if (size == 0 || Long.compareUnsigned(last, phys) < 0) {
      return 0;
    }
    if (phys >>> PHYS_BITS != 0) {
      kernel.log().print("ioremap: invalid physical address %x".formatted(phys));
      kernel.log().warnOnce("__ioremap_caller", "the physical address is invalid");
      return 0;
    }
    if (touchesRam(phys, last)) {
      if (kernel.log().warnOnce("__ioremap_caller", "ioremap on RAM")) {
        kernel.log().print("ioremap on RAM at 0x%016x - 0x%016x".formatted(phys, last));
      }
      return 0;
    }
    long start = phys & ~OFFSET;
    long end = (last + 1 + OFFSET) & ~OFFSET;
    long granted = memtypes.reserve(start, end, wanted, true);
    if (granted < 0) {
      return 0;
    }
    CacheMode mode = CacheMode.of((int) granted);
    if (mode != wanted && !memtypes.isNewMemtypeAllowed(start, end, wanted, mode)) {
      kernel
          .log()
          .print(
              "ioremap error for 0x%x-0x%x, requested 0x%x, got 0x%x"
                  .formatted(start, end, wanted.value(), mode.value()));
      memtypes.free(start, end);
      return 0;
    }
    if (memtypes.kernelMapSync(start, end - start, mode) < 0) {
      memtypes.free(start, end);
      return 0;
    }
    long address = place(start, end - start, mode) + (phys & OFFSET);
    if (!iomem.mapSanityCheck(phys, size)) {
      kernel.log().print("caller mapping multiple BARs");
    }
    return address;
  }

  /** Whether claimed memory of the range is RAM that the allocator may give out. */
  private boolean touchesRam(long first, long last) {
    ramSeen = false;
    iomem.walkMemRes(first, last, this::lookForRam);
    return ramSeen;
  }

  private long lookForRam(long start, long end, int flags) {
    if ((flags & Iores.SYSTEM_RAM) == Iores.SYSTEM_RAM && !ramSeen) {
      long behind = (end + 1) >>> 12;
      for (long pfn = (start + OFFSET) >>> 12; pfn < behind && !ramSeen; pfn++) {
        ramSeen = frames.hasPage(pfn) && !frames.has(pfn, Frames.RESERVED);
      }
    }
    return 0;
  }

  private long place(long phys, long size, CacheMode mode) {
    int shift = Math.min(64 - Long.numberOfLeadingZeros(size), MAX_ALIGN_SHIFT);
    long align = 1L << shift;
    long address = (next + align - 1) & -align;
    next = address + size + OFFSET + 1;
    areas.put(address, new Area(phys, size, mode));
    countLeaves(address, phys, size);
    return address;
  }

  /** The largest leaf that both addresses are aligned to and that fits, again and again. */
  private void countLeaves(long address, long phys, long size) {
    for (long done = 0; done < size; ) {
      int i = 0;
      while (((address | phys) + done & LEAF_SIZES[i] - 1) != 0 || size - done < LEAF_SIZES[i]) {
        i++;
      }
      meter.count(LEAF_EVENTS[i]);
      done += LEAF_SIZES[i];
    }
  }

  /** iounmap: the mapping goes, and its reservation. */
  public void iounmap(long address) {
    meter.count(IOUNMAP);
    Area area = areas.remove(address & ~OFFSET);
    if (area == null) {
      kernel.log().print("iounmap: bad address %016x".formatted(address));
      return;
    }
    memtypes.free(area.phys, area.phys + area.size);
  }

  /**
   * The physical address behind a mapped kernel address.
   *
   * @throws IllegalArgumentException if the address was not returned by {@link #ioremap}
   */
  public long physical(long address) {
    return area(address).phys + (address & OFFSET);
  }

  /** The cache mode that a mapping obtained. */
  public CacheMode mode(long address) {
    return area(address).mode;
  }

  private Area area(long address) {
    Area area = areas.get(address & ~OFFSET);
    if (area == null) {
      throw new IllegalArgumentException(
          "0x" + Long.toHexString(address) + " is not mapped; use what ioremap returned");
    }
    return area;
  }

  /** The cache bits of a 4K entry of this mode. */
  long cacheBits(CacheMode mode) {
    return table.bits(mode);
  }

  /** Mappings that exist. */
  public int size() {
    return areas.size();
  }

  /** Forgets all mappings; their reservations are forgotten by the memtypes' owner. */
  public void reset() {
    areas.clear();
    next = VMALLOC_START;
  }
}
