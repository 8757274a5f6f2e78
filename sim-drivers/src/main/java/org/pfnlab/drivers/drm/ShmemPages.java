package org.pfnlab.drivers.drm;

import org.pfnlab.core.file.PageCacheFile;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;

/**
 * The anonymous shmem file behind a GEM object (drm_gem_object_init): its page cache is the buffer.
 */
public final class ShmemPages {
  private final OpenFile file;
  private final PageCacheFile content;
  private final long pages;

  /** A file of this many pages, none of which exists yet. */
  public ShmemPages(Machine machine, long pages) {
    this.file = machine.shmem().create(pages << 12);
    this.pages = pages;
    if (!(file.privateData instanceof PageCacheFile cached)) {
      throw new IllegalStateException("a shmem file without a page cache");
    }
    this.content = cached;
  }

  /** The file itself, for drivers that let user space map it. */
  public OpenFile file() {
    return file;
  }

  /** shmem_read_mapping_page: the page at this index, made if need be; -1 without memory. */
  public long read(long page) {
    return content.pageOrNew(page);
  }

  /** Makes every page; false without memory. */
  public boolean populate() {
    for (long page = 0; page < pages; page++) {
      if (read(page) < 0) {
        return false;
      }
    }
    return true;
  }

  /** The page at this index if it exists, or -1. */
  public long pfn(long page) {
    return content.cached(page);
  }

  /** The object is freed. */
  public void release() {
    file.put();
  }
}
