package org.pfnlab.core.file;

import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;

/**
 * Regular files of a disk filesystem such as ext4: the page cache with page_mkwrite, so that shared
 * writable mappings begin write-protected.
 *
 * <p>Left out: the disk and writeback. A page is dirty for ever, and one that leaves the cache was
 * a hole.
 */
final class RegularFiles extends CachedFileOps {
  /** ext4 counts 4 KiB blocks in 32 bits. */
  private static final long MAX_BYTES = 0xffff_ffffL << 12;

  private final PageCache cache;
  private final VmOps vmOps;

  RegularFiles(PageCache cache, FaultHandler faults) {
    this.cache = cache;
    this.vmOps = new WriteNotified(faults);
  }

  /** A new file of this size in bytes. */
  OpenFile create(String name, long size) {
    AddressSpace mapping = new AddressSpace(true, false);
    OpenFile file = new OpenFile(this, mapping, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE, name);
    file.privateData = cache.create(mapping, size, Frames.FILE);
    return file;
  }

  @Override
  public long maxBytes() {
    return MAX_BYTES;
  }

  @Override
  public long mmap(Vma vma) {
    vma.ops = vmOps;
    return 0;
  }

  /** force_page_cache_readahead. */
  @Override
  public void willNeed(OpenFile file, long offset, long length) {
    Readahead.fill(PageCacheFile.of(file), offset >>> 12, (offset + length + 4095) >>> 12);
  }

  private static final class WriteNotified extends PageCacheOps {
    private final FaultHandler faults;

    WriteNotified(FaultHandler faults) {
      super(faults);
      this.faults = faults;
    }

    /**
     * filemap_fault. A miss waits for the disk without mmap_lock and sends the fault back; a read
     * that comes again finds its page, and those that readahead brought, by fault-around.
     */
    @Override
    public int fault(VmFault fault) {
      Vma vma = fault.vma();
      PageCacheFile file = PageCacheFile.of(vma);
      if (fault.pgoff < file.sizeInPages() && file.cached(fault.pgoff) < 0) {
        Readahead.faultMissed(file, vma, fault.pgoff);
        if (!fault.isWrite() && faults.faultAround(vma, this, fault.address, fault.flags) != 0) {
          return VmFault.NOPAGE;
        }
      }
      return super.fault(fault);
    }

    @Override
    public boolean hasPageMkwrite() {
      return true;
    }

    /** ext4_page_mkwrite: the page stays locked, unless a truncation was faster. */
    @Override
    public int pageMkwrite(VmFault fault) {
      boolean inside = fault.pgoff < PageCacheFile.of(fault.vma()).sizeInPages();
      return inside ? VmFault.LOCKED : VmFault.NOPAGE;
    }
  }
}
