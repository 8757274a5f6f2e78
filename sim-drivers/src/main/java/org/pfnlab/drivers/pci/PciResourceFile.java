package org.pfnlab.drivers.pci;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.fill.Pgprot;
import org.pfnlab.drivers.kind.Bar;

/**
 * resourceN and resourceN_wc of a PCI device (pci_mmap_resource of drivers/pci/pci-sysfs.c,
 * pci_mmap_resource_range of drivers/pci/mmap.c, kernfs_fop_mmap): a memory BAR, mapped whole with
 * io_remap_pfn_range. vm_pgoff becomes the page frame number. sysfs is mounted noexec.
 *
 * <p>Left out: lockdown (EPERM), I/O ports, mappings taken away when the BAR moves (v5.12).
 */
public final class PciResourceFile {
  /** MAX_NON_LFS, the s_maxbytes of filesystems that say nothing: fallocate(2) asks it first. */
  private static final long LARGEST_FILE = Integer.MAX_VALUE;

  private final Machine machine;
  private final Bar bar;
  private final boolean writeCombined;
  private final String name;
  private final AddressSpace mapping = AddressSpace.ofDevice();
  private final FileOps fileOps = new ResourceFileOps();
  private final VmOps vmOps = new KernfsVmOps();

  /**
   * The file of one BAR.
   *
   * @param writeCombined whether it is resourceN_wc, which exists only with PAT
   */
  public PciResourceFile(Machine machine, Bar bar, boolean writeCombined) {
    this.machine = machine;
    this.bar = bar;
    this.writeCombined = writeCombined;
    this.name = writeCombined ? "resource2_wc" : "resource2";
  }

  /** Opens it; mode is FMODE_* bits. */
  public OpenFile open(int mode) {
    return new OpenFile(fileOps, mapping, mode, name);
  }

  Machine machine() {
    return machine;
  }

  Bar bar() {
    return bar;
  }

  private final class ResourceFileOps extends FileOps {
    @Override
    public long allowedFlags(OpenFile file, long vmFlags) {
      return (vmFlags & VmFlags.VM_EXEC) != 0 ? -Errno.EPERM : vmFlags & ~VmFlags.VM_MAYEXEC;
    }

    @Override
    public long maxBytes() {
      return Long.MAX_VALUE;
    }

    @Override
    public long fsync(OpenFile file) {
      return 0;
    }

    @Override
    public long punchHole(OpenFile file, long offset, long length) {
      return offset + length > LARGEST_FILE ? -Errno.EFBIG : -Errno.EOPNOTSUPP;
    }

    @Override
    public long mmap(Vma vma) {
      if (machine.iomem().isExclusive(bar.base(), 4096)) {
        return -Errno.EINVAL;
      }
      long pages = bar.pages();
      if (vma.pgoff < 0 || vma.pgoff >= pages || vma.pages() > pages - vma.pgoff) {
        return -Errno.EINVAL;
      }
      vma.pageProt =
          writeCombined
              ? Pgprot.writeCombine(machine.kernel(), vma.pageProt)
              : Pgprot.noncached(machine.kernel(), vma.pageProt);
      vma.pgoff += bar.pfn(0);
      long length = vma.end - vma.start;
      long failed =
          machine.remapPfn().ioRemapPfnRange(vma, vma.start, vma.pgoff, length, vma.pageProt);
      if (failed == 0) {
        vma.ops = vmOps;
      }
      return failed;
    }
  }

  /** kernfs_vm_ops, which stand before those of the attribute; that has access only. */
  private final class KernfsVmOps extends VmOps {
    @Override
    public boolean hasFault() {
      return true;
    }

    @Override
    public int fault(VmFault fault) {
      return VmFault.SIGBUS;
    }

    @Override
    public boolean hasPageMkwrite() {
      return true;
    }

    @Override
    public boolean hasAccess() {
      return true;
    }

    @Override
    public int access(Vma vma, long address, byte[] buffer, int offset, int length, boolean write) {
      return machine.accessPhys().access(vma, address, buffer, offset, length, write);
    }
  }
}
