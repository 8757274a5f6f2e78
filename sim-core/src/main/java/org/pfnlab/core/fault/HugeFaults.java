package org.pfnlab.core.fault;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.pfnmap.PfnmapFeatures;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.Zone;
import org.pfnlab.core.rmap.AnonRmap;
import org.pfnlab.core.rmap.HugeAnon;
import org.pfnlab.core.rmap.PageRmap;

/**
 * Faults that may be answered with huge pages: who may have them, and anonymous memory's own
 * (do_huge_pmd_anonymous_page, do_huge_pmd_wp_page). "transparent_hugepage/enabled" says madvise,
 * or always where {@link #THP_ALWAYS} is set.
 *
 * <p>Left out: khugepaged, smaller sizes (mTHP), and giving the huge zero page back.
 */
public final class HugeFaults implements FrameHolder {
  /** do_huge_pmd_anonymous_page calls. */
  public static final Event ANONYMOUS =
      Event.define("fault.huge_anonymous", "do_huge_pmd_anonymous_page");

  /** do_huge_pmd_wp_page calls. */
  public static final Event WP = Event.define("fault.huge_wp", "do_huge_pmd_wp_page");

  /** A store to the huge zero page maps a huge page, and not one small page among zeros. */
  public static final Feature HUGE_ZERO_WP_ALLOCATES =
      Feature.define(
          "HUGE_ZERO_WP_ALLOCATES",
          "v6.13: mm: allocate THP on hugezeropage wp-fault",
          Releases.since("v6.13"));

  /** A setting of the machine, not of a release: huge pages without being asked for. */
  public static final Feature THP_ALWAYS =
      Feature.define(
          "THP_ALWAYS",
          "transparent_hugepage=always at boot; without it the model's machines say madvise",
          Releases.none());

  /** huge_fault is not asked in a special VMA. */
  public static final Feature HUGE_FAULT_REFUSES_SPECIAL =
      Feature.define(
          "HUGE_FAULT_REFUSES_SPECIAL",
          "9fec51689ff6, v6.0: hugepage_vma_check; taken back by 7a81751fcdeb, v6.7",
          Releases.since("v6.0").until("v6.7"));

  private final Meter meter;
  private final Frames frames;
  private final NormalPage normalPage;
  private final AnonRmap anonRmap;
  private final PageRmap rmap;
  private final HugeAnon huge;
  private final boolean exclusive;
  private final boolean savedDirty;
  private final boolean marksZero;
  private final boolean zeroAllocates;
  private final boolean always;
  private final boolean refusesSpecial;
  private final int wrote;
  private long zeroPfn = NormalPage.NO_HUGE_ZERO;

  /** Works on these frames by these rules. */
  public HugeFaults(
      Kernel kernel,
      Frames frames,
      NormalPage normalPage,
      AnonRmap anonRmap,
      PageRmap rmap,
      HugeAnon huge) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.normalPage = normalPage;
    this.anonRmap = anonRmap;
    this.rmap = rmap;
    this.huge = huge;
    this.exclusive = kernel.has(WriteProtect.PAGE_ANON_EXCLUSIVE);
    this.savedDirty = kernel.has(Arch.X86_SAVED_DIRTY);
    this.marksZero = kernel.has(PfnmapFeatures.VM_NORMAL_PAGE_COMMON);
    this.zeroAllocates = kernel.has(HUGE_ZERO_WP_ALLOCATES);
    this.always = kernel.has(THP_ALWAYS);
    this.refusesSpecial = kernel.has(HUGE_FAULT_REFUSES_SPECIAL);
    this.wrote = kernel.has(WriteProtect.VM_FAULT_WRITE) ? VmFault.WROTE : 0;
  }

  /**
   * An empty PMD: a store maps a huge page, a load the huge zero page.
   *
   * @return 0, or {@link VmFault#FALLBACK} where no huge page may be or none is left
   */
  int missing(Vma vma, long page, int flags) {
    long base = page & -PageTable.PMD_SIZE;
    if (!isAllowed(vma, base)) {
      return VmFault.FALLBACK;
    }
    meter.count(ANONYMOUS);
    anonRmap.prepare(vma);
    if ((flags & VmFault.FLAG_WRITE) != 0) {
      return install(vma, base);
    }
    long zero = zeroPage();
    if (zero < 0) {
      return VmFault.FALLBACK;
    }
    long leaf = Pte.ofHuge(zero, vma.pageProt, HugeAnon.LEVEL);
    vma.mm.pageTable.setHuge(base, HugeAnon.LEVEL, marksZero ? Pte.mkSpecial(leaf) : leaf);
    return 0;
  }

  /**
   * A present huge leaf of anonymous memory.
   *
   * @return VM_FAULT bits, or {@link VmFault#FALLBACK} if it was split for small entries to decide
   */
  int present(Vma vma, long page, int flags) {
    PageTable table = vma.mm.pageTable;
    long leaf = table.get(page);
    boolean write = (flags & VmFault.FLAG_WRITE) != 0;
    if (!Pte.write(leaf) && (write || (flags & VmFault.FLAG_UNSHARE) != 0)) {
      return writeProtected(vma, page, leaf, write);
    }
    long young = Pte.mkYoung(leaf);
    table.setHuge(
        page & -PageTable.PMD_SIZE, HugeAnon.LEVEL, write ? Pte.mkDirty(young, savedDirty) : young);
    return 0;
  }

  private int writeProtected(Vma vma, long page, long leaf, boolean write) {
    meter.count(WP);
    long base = page & -PageTable.PMD_SIZE;
    long first = huge.first(leaf);
    if (first < 0 && write && zeroAllocates) {
      anonRmap.prepare(vma);
      if (install(vma, base) == 0) {
        return 0;
      }
    }
    if (first < 0 || !canReuse(first)) {
      huge.split(vma, page);
      return VmFault.FALLBACK;
    }
    if (!write) {
      return 0;
    }
    vma.mm.pageTable.setHuge(base, HugeAnon.LEVEL, writable(vma, Pte.mkYoung(leaf)));
    return wrote;
  }

  /** Whether nobody else has any of the frames; they are exclusive then. */
  private boolean canReuse(long first) {
    for (long pfn = first; pfn < first + HugeAnon.PAGES; pfn++) {
      boolean mine = exclusive && frames.has(pfn, Frames.ANON_EXCLUSIVE);
      if (!mine && (frames.refcount(pfn) != 1 || frames.mapcount(pfn) != 1)) {
        return false;
      }
    }
    for (long pfn = first; pfn < first + HugeAnon.PAGES; pfn++) {
      frames.set(pfn, Frames.ANON_EXCLUSIVE);
    }
    return true;
  }

  private int install(Vma vma, long base) {
    long first = allocate();
    if (first < 0) {
      return VmFault.FALLBACK;
    }
    for (int i = 0; i < HugeAnon.PAGES; i++) {
      rmap.addPartOfHugeAnon(vma, first + i, base + ((long) i << 12));
    }
    frames.lru().addLarge(first, HugeAnon.PAGES);
    long leaf = Pte.ofHuge(first, vma.pageProt, HugeAnon.LEVEL);
    vma.mm.pageTable.setHuge(base, HugeAnon.LEVEL, writable(vma, leaf));
    return 0;
  }

  private long writable(Vma vma, long leaf) {
    long dirty = Pte.mkDirty(leaf, savedDirty);
    return vma.has(VmFlags.VM_WRITE) ? Pte.mkWrite(dirty, savedDirty) : dirty;
  }

  private long allocate() {
    long first = frames.alloc(9, Zone.NORMAL);
    for (long pfn = first; first >= 0 && pfn < first + HugeAnon.PAGES; pfn++) {
      frames.zero(pfn);
    }
    return first;
  }

  /** thp_vma_allowable_order for the 2 MiB from this address on. */
  private boolean isAllowed(Vma vma, long base) {
    return isWanted(vma)
        && !vma.hasAny(VmFlags.VM_SPECIAL | VmFlags.VM_SHARED)
        && base >= vma.start
        && base + PageTable.PMD_SIZE <= vma.end;
  }

  /** What prctl, madvise and the machine's setting say about huge pages here. */
  private boolean isWanted(Vma vma) {
    return !vma.mm.thpDisabled
        && !vma.has(VmFlags.VM_NOHUGEPAGE)
        && (always || vma.has(VmFlags.VM_HUGEPAGE));
  }

  /** thp_vma_allowable_order for a driver's huge_fault, which looks at the range itself. */
  boolean mayAskDriver(Vma vma) {
    return isWanted(vma) && !(refusesSpecial && vma.hasAny(VmFlags.VM_SPECIAL));
  }

  private long zeroPage() {
    if (zeroPfn < 0) {
      zeroPfn = allocate();
      normalPage.setHugeZero(zeroPfn < 0 ? NormalPage.NO_HUGE_ZERO : zeroPfn);
    }
    return zeroPfn;
  }

  /** The huge zero page is ours. */
  @Override
  public void addReferences(Long2IntMap references) {
    for (int i = 0; zeroPfn >= 0 && i < HugeAnon.PAGES; i++) {
      references.mergeInt(zeroPfn + i, 1, Integer::sum);
    }
  }

  /** Back to boot: no huge zero page was ever needed. */
  public void reset() {
    zeroPfn = NormalPage.NO_HUGE_ZERO;
    normalPage.setHugeZero(zeroPfn);
  }
}
