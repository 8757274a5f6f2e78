package org.pfnlab.core.file;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;

/**
 * An inode whose pages live in the page cache: a size in bytes and frames by index. Holes are
 * filled with zeroed pages when they are touched.
 */
public final class PageCacheFile {
  private final Frames frames;
  private final boolean swapBacked;

  /** Its pages and the VMAs that map them. */
  public final AddressSpace mapping;

  private long size;

  /**
   * An object without pages.
   *
   * @param size in bytes
   */
  PageCacheFile(Frames frames, AddressSpace mapping, long size) {
    this.frames = frames;
    this.mapping = mapping;
    this.swapBacked = mapping.swapBacked;
    this.size = size;
  }

  /** The object behind a VMA of a page-cache file. */
  static PageCacheFile of(Vma vma) {
    OpenFile file = vma.file;
    @Nullable Object data = file == null ? null : file.privateData;
    if (data instanceof PageCacheFile object) {
      return object;
    }
    throw new IllegalStateException(vma + " maps no page-cache object");
  }

  /** i_size in bytes. */
  public long size() {
    return size;
  }

  /** Pages up to i_size, the last one perhaps only in part. */
  public long sizeInPages() {
    return (size + 4095) >>> 12;
  }

  /** The cached page at this index, or -1. */
  public long cached(long index) {
    return mapping.page(index);
  }

  /**
   * The page at this index with the cache's own reference, made of zeros if it was a hole; -1: no
   * memory.
   */
  public long pageOrNew(long index) {
    long pfn = mapping.page(index);
    if (pfn >= 0) {
      return pfn;
    }
    pfn = frames.alloc();
    if (pfn < 0) {
      return -1;
    }
    frames.zero(pfn);
    frames.set(pfn, swapBacked ? Frames.FILE | Frames.SWAPBACKED : Frames.FILE);
    frames.setMapping(pfn, mapping, index);
    mapping.add(index, pfn);
    return pfn;
  }

  /** A page for ->fault with a reference of its own; beyond i_size the negated VM_FAULT code. */
  long pageForFault(long index) {
    if (index >= sizeInPages()) {
      return -VmFault.SIGBUS;
    }
    long pfn = pageOrNew(index);
    if (pfn < 0) {
      return -VmFault.OOM;
    }
    frames.get(pfn);
    return pfn;
  }

  void addReferences(Long2IntMap references) {
    for (long index : mapping.indices()) {
      references.mergeInt(mapping.page(index), 1, Integer::sum);
    }
  }

  /** The last user is gone: the cache gives its pages back. */
  void destroy() {
    for (long index : mapping.indices()) {
      frames.put(mapping.remove(index));
    }
    size = 0;
  }
}
