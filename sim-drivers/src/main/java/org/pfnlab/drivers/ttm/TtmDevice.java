package org.pfnlab.drivers.ttm;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import it.unimi.dsi.fastutil.longs.LongArrayList;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.drivers.drm.DrmDevice;
import org.pfnlab.drivers.drm.DrmMm;
import org.pfnlab.drivers.kind.Bar;

/**
 * ttm_device of one DRM device with one BAR of video memory.
 *
 * <p>Left out: TT placements, domains behind the visible BAR, swapout, the page pool (cached pages
 * never stay in it), huge faults (v5.7 to v5.15).
 */
public final class TtmDevice implements FrameHolder {
  private final DrmDevice drm;
  private final Bar vram;
  private final Caching vramCaching;
  private final TtmDriver driver;
  private final DrmMm vramPages;
  private final VmOps vmOps;
  private final boolean pfnmap;
  private final boolean insertsPages;
  private final List<TtmBo> populated = new ArrayList<>();
  private final LongArrayList dummyPages = new LongArrayList();

  /**
   * A device.
   *
   * @param vramCaching what the driver asks for; what entries get is up to x86 PAT
   */
  public TtmDevice(DrmDevice drm, Bar vram, Caching vramCaching, TtmDriver driver) {
    this.drm = drm;
    this.vram = vram;
    this.vramCaching = vramCaching;
    this.driver = driver;
    this.vramPages = new DrmMm(0, vram.pages());
    this.insertsPages = machine().kernel().has(TtmFeatures.TTM_INSERT_PAGES);
    this.pfnmap = machine().kernel().has(TtmFeatures.TTM_PFNMAP) && !insertsPages;
    this.vmOps = new TtmVmOps(this);
    machine().addFrameHolder(this);
  }

  /**
   * A new buffer.
   *
   * @param caching how its pages in system memory shall be seen; other than cached only as
   *     protection
   * @return the buffer, or null if video memory is full
   */
  public @Nullable TtmBo create(long pages, MemType placement, Caching caching) {
    TtmBo bo = new TtmBo(this, pages, caching);
    if (placement == MemType.VRAM && bo.move(MemType.VRAM) != 0) {
      bo.put();
      return null;
    }
    return bo;
  }

  /**
   * A zeroed page for faults on unplugged hardware, which lives as long as the device; -1: none.
   */
  long newDummyPage() {
    long pfn = machine().frames().alloc();
    if (pfn >= 0) {
      machine().frames().zero(pfn);
      dummyPages.add(pfn);
    }
    return pfn;
  }

  /** The DRM side. */
  public DrmDevice drm() {
    return drm;
  }

  /** The machine. */
  public Machine machine() {
    return drm.machine();
  }

  /** Video memory. */
  public Bar vram() {
    return vram;
  }

  Caching vramCaching() {
    return vramCaching;
  }

  TtmDriver driver() {
    return driver;
  }

  DrmMm vramPages() {
    return vramPages;
  }

  VmOps vmOps() {
    return vmOps;
  }

  /** Whether system pages are mapped with a reference; then mappings are VM_MIXEDMAP. */
  boolean insertsPages() {
    return insertsPages;
  }

  boolean mapsPfns() {
    return pfnmap;
  }

  List<TtmBo> populated() {
    return populated;
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (TtmBo bo : populated) {
      for (long page = 0; page < bo.pages(); page++) {
        references.mergeInt(bo.systemPfn(page), 1, Integer::sum);
      }
    }
    for (int i = 0; i < dummyPages.size(); i++) {
      references.mergeInt(dummyPages.getLong(i), 1, Integer::sum);
    }
  }
}
