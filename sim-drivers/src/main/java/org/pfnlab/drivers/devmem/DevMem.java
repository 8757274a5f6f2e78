package org.pfnlab.drivers.devmem;

import org.pfnlab.core.iomem.IomemFeatures;
import org.pfnlab.core.iomem.Iores;
import org.pfnlab.core.iomem.RegionOverlap;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.drivers.fill.Pgprot;

/**
 * /dev/mem (drivers/char/mem.c, and phys_mem_access_prot_allowed of arch/x86/mm/pat/memtype.c):
 * mmap gives any physical memory that the kernel lets go, whole, with remap_pfn_range. Offsets are
 * physical addresses.
 *
 * <p>Left out: capabilities and lockdown at open, taking mappings away when a driver claims the
 * range (v5.8), encrypted memory.
 */
public final class DevMem {
  /** With PAT, and without STRICT_DEVMEM, System RAM may not be mapped: caches could disagree. */
  public static final Feature DEVMEM_PAT_REFUSES_RAM =
      Feature.define(
          "DEVMEM_PAT_REFUSES_RAM",
          "recorded on 5.11 and 6.1.192 (EINVAL, one region_intersects a page), gone in 6.18.2;"
              + " phys_mem_access_prot_allowed had a range_is_allowed of its own until v6.16, a"
              + " release from memory",
          Releases.before("v6.16"));

  private static final long PHYSICAL_PAGES = 1L << 40;
  private static final long FIRST_MIB_PAGES = 256;

  private final Machine machine;
  private final ResourceTree iomem;
  private final boolean strict;
  private final boolean pat;
  private final boolean patRefusesRam;
  private final AddressSpace mapping = AddressSpace.ofDevice();
  private final FileOps fileOps = new DevMemFileOps();
  private final VmOps vmOps = new DevMemVmOps();

  /** The device of a machine. */
  public DevMem(Machine machine) {
    Kernel kernel = machine.kernel();
    this.machine = machine;
    this.iomem = machine.iomem();
    this.strict = kernel.has(IomemFeatures.STRICT_DEVMEM);
    this.pat = kernel.has(Arch.X86_PAT);
    this.patRefusesRam = kernel.has(DEVMEM_PAT_REFUSES_RAM);
  }

  /**
   * Opens it.
   *
   * @param mode FMODE_* bits
   * @param sync O_SYNC: uncached rather than write-back wished for
   */
  public OpenFile open(int mode, boolean sync) {
    OpenFile file = new OpenFile(fileOps, mapping, mode, "/dev/mem");
    file.privateData = sync;
    return file;
  }

  private static boolean isSync(Vma vma) {
    OpenFile file = vma.file;
    return file != null && Boolean.TRUE.equals(file.privateData);
  }

  /** mmap_mem. */
  private long mmap(Vma vma) {
    long pfn = vma.pgoff;
    long pages = vma.pages();
    if (pfn < 0 || pfn > PHYSICAL_PAGES - pages) {
      return -Errno.EINVAL;
    }
    if (strict && !isAllowed(pfn, pages)) {
      return -Errno.EPERM;
    }
    long prot = vma.pageProt;
    if (pat) {
      if (!strict && patRefusesRam && !isAllowed(pfn, pages)) {
        return -Errno.EINVAL;
      }
      prot = Pte.withCacheBits(prot, 0);
      if (isSync(vma)) {
        prot = Pgprot.noncached(machine.kernel(), prot);
      }
    }
    vma.pageProt = prot;
    vma.ops = vmOps;
    long failed = machine.remapPfn().remapPfnRange(vma, vma.start, pfn, pages << 12, prot);
    return failed != 0 ? -Errno.EAGAIN : 0;
  }

  /** range_is_allowed: devmem_is_allowed, page by page. */
  private boolean isAllowed(long pfn, long pages) {
    for (long page = pfn; page < pfn + pages; page++) {
      if (!isAllowed(page)) {
        return false;
      }
    }
    return true;
  }

  /** devmem_is_allowed: no System RAM and nothing exclusive, but all of the first MiB. */
  private boolean isAllowed(long pfn) {
    long address = pfn << 12;
    RegionOverlap ram = iomem.regionIntersects(address, 4096, Iores.SYSTEM_RAM, Iores.DESC_NONE);
    if (ram == RegionOverlap.DISJOINT && !iomem.isExclusive(address, 4096)) {
      return true;
    }
    return pfn < FIRST_MIB_PAGES;
  }

  private final class DevMemFileOps extends FileOps {
    @Override
    public long mmap(Vma vma) {
      return DevMem.this.mmap(vma);
    }
  }

  private final class DevMemVmOps extends VmOps {
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
