package org.pfnlab.core.file;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import it.unimi.dsi.fastutil.longs.LongOpenHashSet;
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

  /** PG_readahead. */
  final ReadaheadMarks marks = new ReadaheadMarks();

  /** PAGECACHE_TAG_DIRTY: what a filesystem with a disk has yet to write. */
  private final LongOpenHashSet dirty = new LongOpenHashSet();

  /**
   * Pages that are in the cache but not uptodate: nobody has read them yet. They cannot be mapped
   * or seen, yet readahead takes them for cached.
   */
  private final LongOpenHashSet unread = new LongOpenHashSet();

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

  /** Whether the cache has a page there, uptodate or not. */
  boolean hasPage(long index) {
    return cached(index) >= 0 || unread.contains(index);
  }

  /**
   * ext4_block_truncate_page: the rest of the page behind an end of file inside it is to be zeroed.
   * In a hole nothing needs to be, but the page that was made for it stays.
   */
  void zeroTail(long end) {
    if ((end & 0xfff) != 0 && cached(end >>> 12) < 0) {
      unread.add(end >>> 12);
    }
  }

  /** Whether nothing is cached in [first, behind). */
  boolean isMissing(long first, long behind) {
    for (long index = first; index < behind; index++) {
      if (hasPage(index)) {
        return false;
      }
    }
    return true;
  }

  /** page_cache_next_miss: the first index that is not cached, among this many. */
  long missFrom(long first, long most) {
    long index = first;
    while (index < first + most && hasPage(index)) {
      index++;
    }
    return index;
  }

  /** count_history_pages: how many pages right before the index are cached. */
  long cachedBefore(long index, long most) {
    long count = 0;
    while (count < Math.min(index, most) && hasPage(index - 1 - count)) {
      count++;
    }
    return count;
  }

  /** The page will have to be written. */
  void markDirty(long index) {
    if (mapping.writeback) {
      dirty.add(index);
    }
  }

  /**
   * filemap_write_and_wait_range: dirty pages of [first, behind) are written; a store through a
   * mapping will be noticed again. Drains the LRU batches if there was one.
   */
  void writeBack(long first, long behind) {
    boolean any = false;
    for (long index : mapping.indices()) {
      if (index >= first && index < behind && dirty.remove(index)) {
        cache.mkclean.clean(mapping, index);
        any = true;
      }
    }
    if (any) {
      frames.lru().drain();
    }
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
    unread.remove(index);
    frames.lru().add(pfn);
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

  /** truncate_inode_pages_range: folio_batch_release drains if it had any page. */
  private void drop(long first, long behind) {
    boolean any = unread.removeIf(index -> index >= first && index < behind);
    for (long index : mapping.indices()) {
      if (index >= first && index < behind) {
        release(index);
        any = true;
      }
    }
    if (any) {
      frames.lru().drain();
    }
  }

  /** The page no longer belongs to the object, though somebody may still hold it. */
  private void release(long index) {
    long pfn = mapping.remove(index);
    marks.forget(index);
    dirty.remove(index);
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
    cache.bytes.write(pfn, (int) (position & 0xfff), bytes, from, length);
    frames.set(pfn, Frames.DIRTY);
    markDirty(position >>> 12);
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
    frames.lru().drain();
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
