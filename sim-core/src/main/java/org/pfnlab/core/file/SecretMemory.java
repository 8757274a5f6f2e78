package org.pfnlab.core.file;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;

/**
 * memfd_secret (mm/secretmem.c, v5.14): memory that only its owners' page tables show. It can only
 * be mapped, shared and never executable; it is locked from the start, for good, and get_user_pages
 * refuses it.
 *
 * <p>Left out: the direct map, which pages leave when they are allocated.
 */
final class SecretMemory extends ObjectOps {
  private final PageCache cache;
  private final VmOps vmOps = new SecretOps();

  SecretMemory(PageCache cache) {
    this.cache = cache;
  }

  /** memfd_secret and, for a size above 0 bytes, its ftruncate. */
  OpenFile create(String name, long size) {
    AddressSpace mapping = new AddressSpace(false, false);
    mapping.unevictable = true;
    OpenFile file = new OpenFile(this, mapping, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE, name);
    file.privateData = cache.create(mapping, size, Frames.FILE | Frames.SECRETMEM);
    return file;
  }

  /** Its filesystem is mounted noexec. */
  @Override
  public long allowedFlags(OpenFile file, long vmFlags) {
    return (vmFlags & VmFlags.VM_EXEC) != 0 ? -Errno.EPERM : vmFlags & ~VmFlags.VM_MAYEXEC;
  }

  @Override
  public long mmap(Vma vma) {
    if (!vma.hasAny(VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE)) {
      return -Errno.EINVAL;
    }
    vma.flags |= VmFlags.VM_LOCKED | VmFlags.VM_DONTDUMP;
    vma.ops = vmOps;
    return 0;
  }

  @Override
  public void release(OpenFile file) {
    PageCacheFile.of(file).close();
  }

  /** secretmem_setattr: the size is set once. */
  @Override
  long truncate(OpenFile file, long size) {
    PageCacheFile object = PageCacheFile.of(file);
    if (object.size() != 0) {
      return -Errno.EINVAL;
    }
    object.truncate(size);
    return 0;
  }

  @Override
  OpenFile reopen(OpenFile file, int mode) {
    throw new IllegalArgumentException("memfd_secret has no name to open it by");
  }

  private static final class SecretOps extends VmOps {
    @Override
    public boolean hasFault() {
      return true;
    }

    @Override
    public int fault(VmFault fault) {
      long pfn = PageCacheFile.of(fault.vma()).pageForFault(fault.pgoff);
      if (pfn < 0) {
        return (int) -pfn;
      }
      fault.page = pfn;
      return VmFault.LOCKED;
    }

    @Override
    public boolean isSecretmem() {
      return true;
    }
  }
}
