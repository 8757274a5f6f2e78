package org.pfnlab.core.mm;

import it.unimi.dsi.fastutil.longs.Long2LongOpenHashMap;
import java.util.ArrayList;
import java.util.List;

/**
 * address_space: the file side of memory. The pages of an object by index, and the VMAs that map it
 * (i_mmap), which is what a driver revokes through.
 */
public final class AddressSpace {
  private final Long2LongOpenHashMap pages = new Long2LongOpenHashMap();

  /** i_mmap: every VMA whose file has this mapping, shared or private. */
  public final List<Vma> mappers = new ArrayList<>();

  /**
   * Whether dirty pages must be written back: shared writable mappings then start write-protected.
   */
  public final boolean writeback;

  /** Whether the pages count as shmem rather than file rss. */
  public final boolean swapBacked;

  /** AS_UNEVICTABLE: reclaim passes its pages over, as somebody needs them where they are. */
  public boolean unevictable;

  /**
   * An object without pages.
   *
   * @param writeback mapping_can_writeback: true for regular files of a disk filesystem
   * @param swapBacked true for shmem
   */
  public AddressSpace(boolean writeback, boolean swapBacked) {
    this.writeback = writeback;
    this.swapBacked = swapBacked;
    pages.defaultReturnValue(-1);
  }

  /** A mapping of a device file: no page cache worth the name. */
  public static AddressSpace ofDevice() {
    return new AddressSpace(false, false);
  }

  /** The cached page at this index, or -1. */
  public long page(long index) {
    return pages.get(index);
  }

  /** Puts a page into the cache; the cache's reference is the caller's business. */
  public void add(long index, long pfn) {
    pages.put(index, pfn);
  }

  /** Takes a page out of the cache and returns it, or -1. */
  public long remove(long index) {
    return pages.remove(index);
  }

  /** Indices of the cached pages, ascending. */
  public long[] indices() {
    long[] indices = pages.keySet().toLongArray();
    java.util.Arrays.sort(indices);
    return indices;
  }
}
