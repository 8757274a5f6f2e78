package org.pfnlab.core.file;

import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/**
 * Synchronous readahead (mm/readahead.c, do_sync_mmap_readahead): which pages of a regular file a
 * miss brings into the page cache. They come from holes here, so they are zero, but mincore and
 * fault-around see them.
 *
 * <p>Left out: readahead that was started by a page with the readahead mark, giving up after many
 * misses (mmap_miss), and what read(2) reads beyond the pages asked for.
 */
final class Readahead {
  /** ra_pages: 128 KiB. */
  private static final int PAGES = 32;

  private Readahead() {}

  /** A fault of this VMA found nothing at the index. */
  static void faultMissed(PageCacheFile file, Vma vma, long index) {
    if (vma.has(VmFlags.VM_RAND_READ)) {
      fill(file, index, index + 1);
    } else if (vma.has(VmFlags.VM_SEQ_READ)) {
      fill(file, index, index + PAGES);
    } else {
      long first = Math.max(0, index - PAGES / 2);
      fill(file, first, first + PAGES);
    }
  }

  /** Caches pages [first, behind), as far as the file reaches and there is memory. */
  static void fill(PageCacheFile file, long first, long behind) {
    long end = Math.min(behind, file.sizeInPages());
    for (long index = first; index < end; index++) {
      if (file.pageOrNew(index) < 0) {
        return;
      }
    }
  }
}
