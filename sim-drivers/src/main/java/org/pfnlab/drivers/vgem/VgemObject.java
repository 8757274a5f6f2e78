package org.pfnlab.drivers.vgem;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.drm.DrmDevice;
import org.pfnlab.drivers.drm.GemObject;
import org.pfnlab.drivers.drm.GemVmOps;
import org.pfnlab.drivers.drm.ShmemPages;
import org.pfnlab.drivers.fill.Pgprot;

/** drm_vgem_gem_object before vgem used the shmem helper: ordinary pages, seen write-combined. */
final class VgemObject extends GemObject {
  private static final VmOps VM_OPS = new VgemVmOps();

  private final ShmemPages backing;

  VgemObject(DrmDevice device, long pages) {
    super(device, pages);
    this.backing = new ShmemPages(device.machine(), pages);
  }

  /** vgem_mmap: what drm_gem_mmap has set is taken back, but for the protection. */
  @Override
  protected long mmap(Vma vma) {
    vma.pageProt = Pgprot.writeCombine(machine().kernel(), vma.pageProt);
    vma.flags |= VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;
    vma.ops = VM_OPS;
    return 0;
  }

  /** vgem_prime_mmap: the shmem file maps itself, and the VMA belongs to it from then on. */
  long primeMmap(Vma vma) {
    if (vma.pages() > pages()) {
      return -Errno.EINVAL;
    }
    long failed = backing.file().ops.mmap(vma);
    if (failed != 0) {
      return failed;
    }
    OpenFile before = vma.file;
    backing.file().get();
    vma.file = backing.file();
    if (before != null) {
      before.put();
    }
    vma.flags |= VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;
    vma.pageProt = Pgprot.writeCombine(machine().kernel(), vma.pageProt);
    return 0;
  }

  @Override
  protected boolean populate() {
    return backing.populate();
  }

  @Override
  public long pfn(long page) {
    return backing.pfn(page);
  }

  @Override
  protected void free() {
    backing.release();
  }

  private Machine machine() {
    return device().machine();
  }

  /** vgem_gem_vm_ops. */
  private static final class VgemVmOps extends GemVmOps {
    @Override
    public int fault(VmFault fault) {
      Vma vma = fault.vma();
      VgemObject object = (VgemObject) GemObject.mappedBy(vma);
      long page = (fault.address - vma.start) >>> 12;
      if (page >= object.pages()) {
        return VmFault.SIGBUS;
      }
      long pfn = object.backing.read(page);
      if (pfn < 0) {
        return VmFault.OOM;
      }
      object.machine().frames().get(pfn);
      fault.page = pfn;
      return 0;
    }
  }
}
