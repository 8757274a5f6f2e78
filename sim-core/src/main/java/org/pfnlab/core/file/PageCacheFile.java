package org.pfnlab.core.file;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;

/**
 * An inode whose pages live in the page cache: a size in bytes and frames by index. Holes are
 * filled with zeroed pages when they are touched. Nothing is behind the cache: a page that leaves
 * it is a hole.
 */
public final class PageCacheFile {
  private final PageCache cache;
  private final Frames frames;
  private final int pageFlags;

  /** Its pages and the VMAs that map them. */
  public final AddressSpace mapping;

  private long size;
  private int opens = 1;

  /** F_SEAL_* bits that a memfd has been given. */
  int seals;

  /**
   * An object without pages, open once.
   *
   * @param size in bytes
   * @param pageFlags {@link Frames} flags of its pages
   */
  PageCacheFile(PageCache cache, AddressSpace mapping, long size, int pageFlags) {
    this.cache = cache;
    this.frames = cache.frames;
    this.mapping = mapping;
    this.pageFlags = pageFlags;
    this.size = size;
  }

  /** The object behind a VMA of a page-cache file. */
  static PageCacheFile of(Vma vma) {
    OpenFile file = vma.file;
    if (file == null) {
      throw new IllegalStateException(vma + " maps no file");
    }
    return of(file);
  }

  /** The object behind an open file. */
  static PageCacheFile of(OpenFile file) {
    @Nullable Object data = file.privateData;
    if (data instanceof PageCacheFile object) {
      return object;
    }
    throw new IllegalStateException(file.name + " is no page-cache object");
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

  /** The seals that it has, F_SEAL_* bits. */
  public int seals() {
    return seals;
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
    frames.set(pfn, pageFlags);
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

  /**
   * truncate: pages beyond the new end go, from private mappings too, and the rest of the page that
   * the end lies in becomes zero.
   *
   * @param newSize bytes
   */
  void truncate(long newSize) {
    long oldSize = size;
    size = newSize;
    if (newSize > oldSize) {
      return;
    }
    long hole = (newSize + 4095) & ~4095L;
    if (oldSize > hole) {
      cache.unmapMapping.range(mapping, hole, 0, true);
    }
    zeroCached(newSize, hole);
    drop(hole >>> 12, Long.MAX_VALUE);
  }

  /**
   * A hole in [start, end): whole pages leave the cache and every mapping, except where a private
   * copy stands; what is cut off of pages at both ends becomes zero.
   */
  void punch(long start, long end) {
    long first = (start + 4095) & ~4095L;
    long behind = end & ~4095L;
    if (first >= behind) {
      zeroCached(start, Math.min(end, first));
      zeroCached(Math.max(start, behind), end);
      return;
    }
    cache.unmapMapping.range(mapping, first, behind - first, false);
    zeroCached(start, first);
    zeroCached(behind, end);
    drop(first >>> 12, behind >>> 12);
  }

  /** Bytes of one page become zero; a hole stays a hole. */
  void zeroCached(long start, long end) {
    long pfn = start < end ? mapping.page(start >>> 12) : -1;
    if (pfn >= 0) {
      for (long at = start; at < end; at++) {
        frames.store(pfn, (int) (at & 0xfff), (byte) 0);
      }
    }
  }

  private void drop(long first, long behind) {
    for (long index : mapping.indices()) {
      if (index >= first && index < behind) {
        release(index);
      }
    }
  }

  /** The page no longer belongs to the object, though somebody may still hold it. */
  private void release(long index) {
    long pfn = mapping.remove(index);
    if (!frames.put(pfn)) {
      frames.setMapping(pfn, null, 0);
    }
  }

  /** The pages of [position, position + length) into bytes; the caller knows that they exist. */
  void read(byte[] bytes, int length, long position) {
    for (int i = 0; i < length; i++) {
      long at = position + i;
      long pfn = mapping.page(at >>> 12);
      bytes[i] = pfn < 0 ? 0 : frames.load(pfn, (int) (at & 0xfff));
    }
  }

  /** Writes inside one page, which grows the object if need be: bytes written, or -ENOMEM. */
  long writePage(byte[] bytes, int from, int length, long position) {
    long pfn = pageOrNew(position >>> 12);
    if (pfn < 0) {
      return -Errno.ENOMEM;
    }
    for (int i = 0; i < length; i++) {
      frames.store(pfn, (int) (position & 0xfff) + i, bytes[from + i]);
    }
    frames.set(pfn, Frames.DIRTY);
    size = Math.max(size, position + length);
    return length;
  }

  /** mapping_writably_mapped: whether somebody has, or may get, a shared writable mapping. */
  boolean isWritablyMapped(long countedFlags) {
    for (Vma vma : mapping.mappers) {
      if (vma.has(VmFlags.VM_SHARED | countedFlags)) {
        return true;
      }
    }
    return false;
  }

  /** Whether a page has references other than the cache's and those of entries that map it. */
  boolean hasPinnedPages() {
    for (long index : mapping.indices()) {
      long pfn = mapping.page(index);
      if (frames.refcount(pfn) - frames.mapcount(pfn) != 1) {
        return true;
      }
    }
    return false;
  }

  void addReferences(Long2IntMap references) {
    for (long index : mapping.indices()) {
      references.mergeInt(mapping.page(index), 1, Integer::sum);
    }
  }

  /** Another open file description of the same object. */
  void open() {
    opens++;
  }

  /** An open file description is gone; the last one takes the object and its pages along. */
  void close() {
    if (--opens == 0) {
      drop(0, Long.MAX_VALUE);
      size = 0;
      cache.remove(this);
    }
  }
}
