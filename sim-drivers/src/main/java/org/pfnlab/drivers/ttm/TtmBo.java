package org.pfnlab.drivers.ttm;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Buddy;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.Zone;
import org.pfnlab.drivers.dmabuf.Fence;
import org.pfnlab.drivers.dmabuf.Reservation;
import org.pfnlab.drivers.drm.GemObject;

/** ttm_buffer_object: a buffer, where it is now, and how it gets elsewhere. */
public final class TtmBo extends GemObject {
  /** Buffers moved to another placement. */
  public static final Event MOVED = Event.define("ttm.moved", "ttm_bo_handle_move_mem");

  /** Pages allocated for buffers in system memory. */
  public static final Event POPULATED = Event.define("ttm.populated", "pages given to ttm_tt");

  private static final long[] NOT_POPULATED = {};

  private final TtmDevice device;
  private final Caching caching;
  private MemType placement = MemType.SYSTEM;
  private long[] systemPages = NOT_POPULATED;
  private long vramStart = -1;
  private boolean imported;

  TtmBo(TtmDevice device, long pages, Caching caching) {
    super(device.drm(), pages);
    this.device = device;
    this.caching = caching;
  }

  static TtmBo of(Vma vma) {
    return (TtmBo) GemObject.mappedBy(vma);
  }

  /** drm_gem_ttm_mmap, ttm_bo_mmap_obj. */
  @Override
  protected long mmap(Vma vma) {
    if (device.mapsPfns() && vma.isCowMapping()) {
      return -Errno.EINVAL;
    }
    vma.ops = device.vmOps();
    vma.flags |= device.mapsPfns() ? VmFlags.VM_PFNMAP : VmFlags.VM_MIXEDMAP;
    vma.flags |= VmFlags.VM_IO | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;
    return 0;
  }

  /** Where it is. */
  public MemType placement() {
    return placement;
  }

  /** How its present place shall be seen by the CPU. */
  Caching caching() {
    return placement == MemType.VRAM ? device.vramCaching() : caching;
  }

  /** Its pages belong to another exporter (TTM_TT_FLAG_EXTERNAL): faults are refused. */
  public void setImported() {
    imported = true;
  }

  boolean isImported() {
    return imported;
  }

  /**
   * ttm_bo_handle_move_mem with a copy: first everybody's entries go, then memory is found, then
   * the content moves.
   *
   * @return 0, -ENOMEM or -ENOSPC; then it stays where it is, without entries
   */
  public long move(MemType to) {
    if (to == placement) {
      return 0;
    }
    unmapVirtual();
    long failed = to == MemType.VRAM ? moveToVram() : moveToSystem();
    if (failed == 0) {
      device.machine().kernel().meter.count(MOVED);
      placement = to;
      if (device.driver().movesAsynchronously()) {
        reservation().add(new Fence(), Reservation.Usage.KERNEL);
      }
    }
    return failed;
  }

  /** ttm_bo_unmap_virtual: the next touch of any mapping faults. */
  public void unmapVirtual() {
    device.drm().unmap(node(), 0, pages());
  }

  private long moveToVram() {
    vramStart = device.vramPages().insert(pages());
    if (vramStart < 0) {
      return -Errno.ENOSPC;
    }
    Frames frames = device.machine().frames();
    for (int page = 0; page < pages(); page++) {
      if (isPopulated()) {
        frames.copy(systemPages[page], vramPfn(page));
      } else {
        frames.zero(vramPfn(page));
      }
    }
    unpopulate();
    return 0;
  }

  private long moveToSystem() {
    if (!populate()) {
      return -Errno.ENOMEM;
    }
    Frames frames = device.machine().frames();
    for (int page = 0; page < pages(); page++) {
      frames.copy(vramPfn(page), systemPages[page]);
    }
    leaveVram();
    return 0;
  }

  private void leaveVram() {
    if (vramStart >= 0) {
      device.vramPages().remove(vramStart);
      vramStart = -1;
    }
  }

  private boolean isPopulated() {
    return systemPages.length > 0;
  }

  /** ttm_tt_populate: zeroed pages, the largest blocks that fit first. */
  @Override
  protected boolean populate() {
    if (isPopulated()) {
      return true;
    }
    Frames frames = device.machine().frames();
    long[] pages = new long[Math.toIntExact(pages())];
    int order = Buddy.MAX_ORDER;
    int have = 0;
    while (have < pages.length) {
      order = Math.min(order, 31 - Integer.numberOfLeadingZeros(pages.length - have));
      long pfn = frames.alloc(order, Zone.NORMAL);
      if (pfn < 0 && order-- > 0) {
        continue;
      }
      if (pfn < 0) {
        for (int i = 0; i < have; i++) {
          frames.put(pages[i]);
        }
        return false;
      }
      for (int i = 0; i < 1 << order; i++) {
        frames.zero(pfn + i);
        pages[have++] = pfn + i;
      }
    }
    device.machine().kernel().meter.count(POPULATED, have);
    systemPages = pages;
    device.populated().add(this);
    return true;
  }

  private void unpopulate() {
    if (isPopulated()) {
      device.populated().remove(this);
      for (long pfn : systemPages) {
        device.machine().frames().put(pfn);
      }
      systemPages = NOT_POPULATED;
    }
  }

  @Override
  public long pfn(long page) {
    return placement == MemType.VRAM ? vramPfn(page) : systemPfn(page);
  }

  long systemPfn(long page) {
    return isPopulated() ? systemPages[(int) page] : -1;
  }

  private long vramPfn(long page) {
    return device.vram().pfn(vramStart + page);
  }

  @Override
  protected void free() {
    unpopulate();
    leaveVram();
  }

  /** Its device. */
  public TtmDevice ttm() {
    return device;
  }
}
