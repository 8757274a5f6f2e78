package org.pfnlab.core.file;

import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;

/**
 * The completion ring of an AIO context (fs/aio.c): a file of its own whose pages are all cached,
 * mapped shared into the process that called io_setup. Only that process can move it, because the
 * context has to know where its ring is.
 */
final class AioRing extends ObjectOps {
  private final VmOps vmOps;

  private AioRing(FaultHandler faults, Mm owner) {
    this.vmOps = new RingOps(faults, owner);
  }

  /** The ring of a new context of this address space; -ENOMEM is an exception here. */
  static OpenFile create(PageCache cache, FaultHandler faults, Mm owner, int pages) {
    AddressSpace mapping = new AddressSpace(false, false);
    OpenFile file =
        new OpenFile(
            new AioRing(faults, owner),
            mapping,
            OpenFile.FMODE_READ | OpenFile.FMODE_WRITE,
            "[aio]");
    PageCacheFile ring = cache.create(mapping, (long) pages << 12, Frames.FILE);
    file.privateData = ring;
    for (int i = 0; i < pages; i++) {
      if (ring.pageOrNew(i) < 0) {
        throw new IllegalStateException("no memory for an AIO ring of " + pages + " pages");
      }
    }
    return file;
  }

  /** Its filesystem is mounted noexec. */
  @Override
  public long allowedFlags(OpenFile file, long vmFlags) {
    return (vmFlags & VmFlags.VM_EXEC) != 0 ? -Errno.EPERM : vmFlags & ~VmFlags.VM_MAYEXEC;
  }

  @Override
  public long mmap(Vma vma) {
    vma.flags |= VmFlags.VM_DONTEXPAND;
    vma.ops = vmOps;
    return 0;
  }

  @Override
  public void release(OpenFile file) {
    PageCacheFile.of(file).close();
  }

  @Override
  OpenFile reopen(OpenFile file, int mode) {
    throw new IllegalArgumentException("an AIO ring has no name to open it by");
  }

  private static final class RingOps extends PageCacheOps {
    private final Mm owner;

    RingOps(FaultHandler faults, Mm owner) {
      super(faults);
      this.owner = owner;
    }

    /** aio_ring_mremap: a process without the context cannot move what fork gave it. */
    @Override
    public long mremap(Vma vma) {
      return vma.mm == owner ? 0 : -Errno.EINVAL;
    }

    @Override
    public boolean hasPageMkwrite() {
      return true;
    }

    @Override
    public int pageMkwrite(VmFault fault) {
      return VmFault.LOCKED;
    }
  }
}
