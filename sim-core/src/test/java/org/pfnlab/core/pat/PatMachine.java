package org.pfnlab.core.pat;

import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import org.pfnlab.core.iomem.IomemText;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.iomem.Trees;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.meter.Event;

/** The recorded machine's memory, MTRRs and page flags, around one {@link Memtypes}. */
final class PatMachine {
  static final long BAR = 0xf800_0000L;
  static final long BAR_SIZE = 64 << 20;
  static final long RAM = 0x1000_0000L;

  /** 0x3c000000 to 0x3e000000 is neither RAM nor anything else. */
  static final long RAM_HOLE = 0x3c00_0000L;

  static final long LAST_RAM = 0x3ffd_9fffL;
  static final String MTRR_TEXT =
      "reg00: base=0x080000000 ( 2048MB), size= 2048MB, count=1: uncachable\n";

  final Kernel kernel;
  final ResourceTree iomem;
  final Mtrr mtrr = Mtrr.parse(MTRR_TEXT);
  final FlagMap flags = new FlagMap();
  final Memtypes memtypes;
  final WriteCombining writeCombining;

  PatMachine(String version) {
    this(KernelProfile.of(version));
  }

  PatMachine(KernelProfile profile) {
    this(profile, Trees.text("linux-6.1.txt"));
  }

  PatMachine(KernelProfile profile, String iomemText) {
    kernel = new Kernel(profile);
    iomem = IomemText.parse(kernel, iomemText);
    memtypes = new Memtypes(kernel, iomem, mtrr, flags, LAST_RAM);
    memtypes.setComm("oracle");
    writeCombining = new WriteCombining(kernel, iomem, memtypes, mtrr);
  }

  long count(Event event) {
    return kernel.meter.get(event);
  }

  /** Reservations as {@code 0-10:WC}, in pages of the BAR, decimal, end exclusive. */
  String list() {
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < memtypes.count(); i++) {
      String mode = memtypes.type(i) == CacheMode.UC_MINUS ? "UC-" : memtypes.type(i).name();
      list.append(i == 0 ? "" : " ")
          .append((memtypes.start(i) - BAR) >> 12)
          .append('-')
          .append((memtypes.end(i) - BAR) >> 12)
          .append(':')
          .append(mode);
    }
    memtypes.checkInvariants();
    return list.toString();
  }

  long reserve(long firstPage, long endPage, CacheMode want, boolean acceptOther) {
    return memtypes.reserve(BAR + (firstPage << 12), BAR + (endPage << 12), want, acceptOther);
  }

  long free(long firstPage, long endPage) {
    return memtypes.free(BAR + (firstPage << 12), BAR + (endPage << 12));
  }

  /** Page flags in a map. */
  static final class FlagMap implements RamPageTypes {
    private final Long2IntOpenHashMap types = new Long2IntOpenHashMap();

    @Override
    public int type(long pfn) {
      return types.get(pfn);
    }

    @Override
    public void set(long pfn, int type) {
      if (type < 0 || type > 3) {
        throw new IllegalArgumentException("two flags hold 0 to 3, not " + type);
      }
      types.put(pfn, type);
    }
  }
}
