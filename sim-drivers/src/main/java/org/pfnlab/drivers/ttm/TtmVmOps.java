package org.pfnlab.drivers.ttm;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.drivers.dmabuf.Reservation;
import org.pfnlab.drivers.drm.GemVmOps;

/**
 * ttm_bo_vm_ops: the fault that locks the buffer, waits for moves and maps up to 16 pages forward,
 * and the access that debuggers get.
 *
 * <p>Where the kernel drops mmap_lock to wait and its caller takes it again, both happen here, so
 * that callers may treat VM_FAULT_RETRY as any other result.
 */
final class TtmVmOps extends GemVmOps {
  /** ttm_bo_vm_fault calls. */
  static final Event FAULT = Event.define("ttm.fault", "ttm_bo_vm_fault");

  /** Pages handed to an inserter. */
  static final Event INSERTED = Event.define("ttm.inserted", "pages inserted by ttm_bo_vm_fault");

  /** Faults that asked to be tried again after waiting without mmap_lock. */
  static final Event WAITED_UNLOCKED =
      Event.define("ttm.waited_unlocked", "waits of ttm_bo_vm_fault without mmap_lock");

  /** TTM_BO_VM_NUM_PREFAULT, the same in every release. */
  private static final int PREFAULT = 16;

  private final TtmDevice device;
  private final Kernel kernel;
  private final boolean mapsDummyPage;
  private final int populateFailed;
  private final boolean fillsInBulk;
  private final boolean insertsRam;
  private final long[] window = new long[PREFAULT];

  TtmVmOps(TtmDevice device) {
    this.device = device;
    this.kernel = device.machine().kernel();
    this.mapsDummyPage = kernel.has(TtmFeatures.TTM_DUMMY_PAGE);
    this.populateFailed =
        kernel.has(TtmFeatures.TTM_POPULATE_SIGBUS) ? VmFault.SIGBUS : VmFault.OOM;
    this.fillsInBulk = kernel.has(TtmFeatures.TTM_BULK_FILL);
    this.insertsRam = kernel.has(TtmFeatures.TTM_PFN_RAM) && device.mapsPfns();
  }

  @Override
  public int fault(VmFault fault) {
    kernel.meter.count(FAULT);
    TtmBo bo = TtmBo.of(fault.vma());
    Reservation lock = bo.reservation();
    if (!lock.tryLock()) {
      if (mayRetry(fault)) {
        if ((fault.flags & VmFault.FLAG_RETRY_NOWAIT) == 0) {
          waitForLock(fault.vma(), lock);
        }
        return VmFault.RETRY;
      }
      if (lock.lockInterruptible() != 0) {
        return VmFault.NOPAGE;
      }
    }
    int result = faultReserved(fault, bo);
    boolean unlocked = result == VmFault.RETRY && (fault.flags & VmFault.FLAG_RETRY_NOWAIT) == 0;
    if (!unlocked) {
      lock.unlock();
    }
    return result;
  }

  /** fault_flag_allow_retry_first. */
  private static boolean mayRetry(VmFault fault) {
    return (fault.flags & (VmFault.FLAG_ALLOW_RETRY | VmFault.FLAG_TRIED))
        == VmFault.FLAG_ALLOW_RETRY;
  }

  private void waitForLock(Vma vma, Reservation lock) {
    kernel.meter.count(WAITED_UNLOCKED);
    vma.mm.readUnlock();
    if (lock.lockInterruptible() == 0) {
      lock.unlock();
    }
    vma.mm.readLock();
  }

  private int faultReserved(VmFault fault, TtmBo bo) {
    if (bo.isImported()) {
      return VmFault.SIGBUS;
    }
    if (mapsDummyPage && device.drm().isUnplugged()) {
      return mapDummyPage(fault.vma());
    }
    int ended = device.driver().faultReserveNotify(bo);
    if (ended == 0) {
      ended = waitForMove(fault, bo);
    }
    return ended != 0 ? ended : insert(fault, bo);
  }

  /** ttm_bo_vm_fault_idle: 0 once no move is under way. */
  private int waitForMove(VmFault fault, TtmBo bo) {
    Reservation lock = bo.reservation();
    if (lock.isIdle(Reservation.Usage.KERNEL)) {
      return 0;
    }
    if (!mayRetry(fault)) {
      return lock.waitFor(Reservation.Usage.KERNEL) == 0 ? 0 : VmFault.NOPAGE;
    }
    if ((fault.flags & VmFault.FLAG_RETRY_NOWAIT) == 0) {
      kernel.meter.count(WAITED_UNLOCKED);
      fault.vma().mm.readUnlock();
      lock.waitFor(Reservation.Usage.KERNEL);
      lock.unlock();
      fault.vma().mm.readLock();
    }
    return VmFault.RETRY;
  }

  /** Maps forward from the faulting page; only a failure on that one counts. */
  private int insert(VmFault fault, TtmBo bo) {
    Vma vma = fault.vma();
    long page = fault.pgoff - bo.node().start();
    if (page >= bo.pages()) {
      return VmFault.SIGBUS;
    }
    if (bo.placement() == MemType.SYSTEM && !bo.populate()) {
      return populateFailed;
    }
    long prot = bo.caching().protection(kernel, vma.pageProt);
    long last = Math.min(vma.pgoffOf(vma.end) - bo.node().start(), bo.pages());
    if (fillsInBulk) {
      return insertWindow(fault, bo, page, last, prot);
    }
    boolean ram = bo.placement() == MemType.SYSTEM;
    int inserted = 0;
    int result = VmFault.NOPAGE;
    long address = fault.address;
    for (; inserted < PREFAULT && page < last; page++) {
      result = insertOne(vma, address, bo.pfn(page), prot, ram);
      if ((result & VmFault.ERROR) != 0) {
        // On the faulting page the kernel says NOPAGE, so the program faults again and again.
        result = VmFault.NOPAGE;
        break;
      }
      address += 4096;
      inserted++;
    }
    kernel.meter.count(INSERTED, inserted);
    return result;
  }

  private int insertWindow(VmFault fault, TtmBo bo, long page, long last, long prot) {
    int n = (int) Math.min(PREFAULT, last - page);
    for (int i = 0; i < n; i++) {
      window[i] = bo.pfn(page + i);
    }
    kernel.meter.count(INSERTED, n);
    long failed =
        device
            .machine()
            .applyToPageRange()
            .mapSpecial(fault.vma(), fault.address, window, 0, n, prot);
    return failed == 0 ? VmFault.NOPAGE : VmFault.SIGBUS;
  }

  private int insertOne(Vma vma, long address, long pfn, long prot, boolean ram) {
    if (ram && device.insertsPages()) {
      return device.machine().inserter().vmfInsertPageProt(vma, address, pfn, prot);
    }
    if (ram && insertsRam) {
      return device.machine().inserter().vmfInsertPfnRam(vma, address, pfn, prot);
    }
    return device.mapsPfns()
        ? device.machine().inserter().vmfInsertPfnProt(vma, address, pfn, prot)
        : device.machine().inserter().vmfInsertMixedProt(vma, address, pfn, prot);
  }

  /** ttm_bo_vm_dummy_page: one page of zeros in every place of the VMA. */
  private int mapDummyPage(Vma vma) {
    long pfn = device.newDummyPage();
    if (pfn < 0) {
      return VmFault.OOM;
    }
    int result = VmFault.NOPAGE;
    for (long address = vma.start; address < vma.end; address += 4096) {
      result = device.machine().inserter().vmfInsertPfnProt(vma, address, pfn, vma.pageProt);
    }
    return result;
  }

  @Override
  public boolean hasAccess() {
    return true;
  }

  /** ttm_bo_vm_access: it looks at the buffer only, neither at VM_WRITE nor at private copies. */
  @Override
  public int access(Vma vma, long address, byte[] buffer, int offset, int length, boolean write) {
    TtmBo bo = TtmBo.of(vma);
    long first = ((vma.pgoff - bo.node().start()) << 12) + (address - vma.start);
    if (length < 1 || first + length > bo.pages() << 12) {
      return -Errno.EIO;
    }
    if (bo.reservation().lockInterruptible() != 0) {
      return -Reservation.ERESTARTSYS;
    }
    int result;
    if (bo.placement() == MemType.VRAM && !device.driver().canAccessVram()) {
      result = -Errno.EIO;
    } else if (bo.placement() == MemType.SYSTEM && !bo.populate()) {
      result = -Errno.ENOMEM;
    } else {
      copy(bo, first, buffer, offset, length, write);
      result = length;
    }
    bo.reservation().unlock();
    return result;
  }

  private void copy(TtmBo bo, long first, byte[] buffer, int offset, int length, boolean write) {
    Frames frames = device.machine().frames();
    for (int i = 0; i < length; i++) {
      long pfn = bo.pfn((first + i) >>> 12);
      int at = (int) (first + i) & 0xfff;
      if (write) {
        frames.store(pfn, at, buffer[offset + i]);
      } else {
        buffer[offset + i] = frames.load(pfn, at);
      }
    }
  }
}
