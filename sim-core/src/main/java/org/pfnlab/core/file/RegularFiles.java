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
 * <p>Left out: the disk and the flusher threads. A page is dirty until somebody syncs it, and one
 * that leaves the cache was a hole.
 */
final class RegularFiles extends CachedFileOps {
  /** ext4 counts 4 KiB blocks in 32 bits. */
  private static final long MAX_BYTES = 0xffff_ffffL << 12;

  private final PageCache cache;
  private final Readahead readahead;
  private final VmOps vmOps;

  RegularFiles(PageCache cache, FaultHandler faults, Readahead readahead) {
    this.cache = cache;
    this.readahead = readahead;
    this.vmOps = new WriteNotified(faults, readahead);
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
    Readahead.force(PageCacheFile.of(file), offset >>> 12, (offset + length + 4095) >>> 12);
  }

  /** file_write_and_wait_range. */
  @Override
  public long fsyncRange(OpenFile file, long start, long end) {
    PageCacheFile.of(file).writeBack(start >>> 12, (end + 4095) >>> 12);
    return 0;
  }

  /** filemap_read. */
  @Override
  void beforeRead(OpenFile file, PageCacheFile object, long position, int length) {
    long end = position + length;
    readahead.read(file, object, position >>> 12, (end + 4095) >>> 12);
    for (long index = position >>> 12; index << 12 < end; index++) {
      if (file.readahead.prevPos < 0 || index != (file.readahead.prevPos - 1) >>> 12) {
        cache.frames.lru().markAccessed(object.cached(index));
      }
    }
    file.readahead.prevPos = end;
  }

  @Override
  long truncate(OpenFile file, long size) {
    PageCacheFile object = PageCacheFile.of(file);
    long oldSize = object.size();
    long result = super.truncate(file, size);
    object.zeroTail(Math.min(oldSize, size));
    return result;
  }

  /** Growing the file zeroes the rest of what was its last page. */
  @Override
  long write(OpenFile file, byte[] bytes, int length, long position) {
    PageCacheFile object = PageCacheFile.of(file);
    if (length > 0 && position > object.size()) {
      object.zeroTail(object.size());
    }
    return super.write(file, bytes, length, position);
  }

  private static final class WriteNotified extends PageCacheOps {
    private final FaultHandler faults;
    private final Readahead readahead;

    WriteNotified(FaultHandler faults, Readahead readahead) {
      super(faults);
      this.faults = faults;
      this.readahead = readahead;
    }

    /**
     * filemap_fault. A miss, or a page with the readahead mark, waits for the disk without
     * mmap_lock and sends the fault back; a read that comes again finds its page, and those that
     * readahead brought, by fault-around. One that may not come again gets its page alone.
     */
    @Override
    public int fault(VmFault fault) {
      Vma vma = fault.vma();
      OpenFile opened = vma.file;
      PageCacheFile file = PageCacheFile.of(vma);
      long index = fault.pgoff;
      if (opened == null || index >= file.sizeInPages()) {
        return super.fault(fault);
      }
      boolean mayWait = (fault.flags & VmFault.FLAG_ALLOW_RETRY) != 0;
      boolean waits = mayWait && (file.cached(index) < 0 || file.marks.has(index));
      if (file.hasPage(index)) {
        readahead.faultHit(opened, file, vma, index);
      } else {
        readahead.faultMissed(opened, file, vma, index);
      }
      file.pageOrNew(index);
      if (waits
          && !fault.isWrite()
          && faults.faultAround(vma, this, fault.address, fault.flags) != 0) {
        return VmFault.NOPAGE;
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
      PageCacheFile file = PageCacheFile.of(fault.vma());
      if (fault.pgoff >= file.sizeInPages()) {
        return VmFault.NOPAGE;
      }
      file.markDirty(fault.pgoff);
      return VmFault.LOCKED;
    }
  }
}
