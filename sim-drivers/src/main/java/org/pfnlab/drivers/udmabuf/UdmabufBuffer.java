package org.pfnlab.drivers.udmabuf;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.insert.PteInserter;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.dmabuf.Attachment;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufOps;
import org.pfnlab.drivers.dmabuf.PageArray;
import org.pfnlab.drivers.dmabuf.SgTable;
import org.pfnlab.drivers.fill.Inserter;

/** struct udmabuf and its dma_buf_ops. */
final class UdmabufBuffer extends DmaBufOps {
  private static final long RAW_FRAMES =
      VmFlags.VM_PFNMAP | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;

  private final Udmabuf device;
  private final long[] pfns;
  private final VmOps vmOps = new BufferVmOps();

  UdmabufBuffer(Udmabuf device, long[] pfns) {
    this.device = device;
    this.pfns = pfns;
  }

  long[] pfns() {
    return pfns;
  }

  @Override
  public long mmap(DmaBuf buffer, Vma vma) {
    if (!vma.hasAny(VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE)) {
      return -Errno.EINVAL;
    }
    vma.ops = vmOps;
    vma.privateData = this;
    if (device.mapsFrames()) {
      vma.flags |= RAW_FRAMES;
    }
    return 0;
  }

  @Override
  public @Nullable SgTable map(Attachment attachment) {
    SgTable table = new SgTable();
    for (long pfn : pfns) {
      table.add(pfn, 1);
    }
    return table;
  }

  @Override
  public long vmap(DmaBuf buffer) {
    return 0;
  }

  @Override
  public void release(DmaBuf buffer) {
    device.release(this);
  }

  private final class BufferVmOps extends VmOps {
    @Override
    public boolean hasFault() {
      return true;
    }

    /** udmabuf_vm_fault. */
    @Override
    public int fault(VmFault fault) {
      if (fault.pgoff >= pfns.length) {
        if (device.checksBounds()) {
          return VmFault.SIGBUS;
        }
        throw PageArray.READ_BEHIND;
      }
      long pfn = pfns[(int) fault.pgoff];
      if (!device.mapsFrames()) {
        return Inserter.FAULT_PAGE.page(device.machine(), fault, pfn, 0);
      }
      int result = Inserter.INSERT_PFN.page(device.machine(), fault, pfn, 0);
      if (device.prefaults() && (result & VmFault.ERROR) == 0) {
        mapTheRest(fault.vma(), fault.address);
      }
      return result;
    }

    /** Everything but the page that faulted; who fails here will fault again. */
    private void mapTheRest(Vma vma, long faulting) {
      PteInserter inserter = device.machine().inserter();
      long page = vma.pgoff;
      for (long at = vma.start; at < vma.end && page < pfns.length; at += 4096, page++) {
        if (at != faulting
            && (inserter.vmfInsertPfn(vma, at, pfns[(int) page]) & VmFault.ERROR) != 0) {
          return;
        }
      }
    }
  }
}
