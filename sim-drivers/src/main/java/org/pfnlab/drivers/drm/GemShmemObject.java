package org.pfnlab.drivers.drm;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.drivers.fill.Pgprot;

/** drm_gem_shmem_object: its pages are held from the first mapping on to the last one's end. */
public final class GemShmemObject extends GemObject {
  private final ShmemHelper helper;
  private final ShmemPages backing;
  private int pagesUsers;

  GemShmemObject(ShmemHelper helper, long pages) {
    super(helper.device(), pages);
    this.helper = helper;
    this.backing = new ShmemPages(helper.device().machine(), pages);
  }

  static GemShmemObject of(Vma vma) {
    return (GemShmemObject) GemObject.mappedBy(vma);
  }

  /** drm_gem_shmem_mmap. */
  @Override
  protected long mmap(Vma vma) {
    if (helper.refusesCow() && vma.isCowMapping()) {
      return -Errno.EINVAL;
    }
    if (!populate()) {
      return -Errno.ENOMEM;
    }
    getPages();
    if (!helper.countsFromStart()) {
      vma.pgoff -= node().start();
    }
    if (helper.mapsWriteCombined()) {
      vma.pageProt = Pgprot.writeCombine(helper.device().machine().kernel(), vma.pageProt);
    }
    vma.ops = helper.vmOps();
    vma.flags |=
        helper.mapsPfns()
            ? VmFlags.VM_PFNMAP | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP
            : VmFlags.VM_MIXEDMAP | VmFlags.VM_DONTEXPAND;
    return 0;
  }

  @Override
  protected boolean populate() {
    return backing.populate();
  }

  /** drm_gem_shmem_get_pages: the first user takes a reference to every page. */
  void getPages() {
    if (pagesUsers++ == 0) {
      for (long page = 0; page < pages(); page++) {
        frames().get(pfn(page));
      }
      if (helper.turnsPagesWriteCombined()) {
        setCaching(CacheMode.WC);
      }
    }
  }

  /** drm_gem_shmem_put_pages. */
  void putPages() {
    if (--pagesUsers == 0) {
      if (helper.turnsPagesWriteCombined()) {
        setCaching(CacheMode.WB);
      }
      for (long page = 0; page < pages(); page++) {
        frames().put(pfn(page));
      }
    }
  }

  @Override
  public long pfn(long page) {
    return backing.pfn(page);
  }

  @Override
  protected void free() {
    helper.forget(this);
    backing.release();
  }

  void addReferences(Long2IntMap references) {
    for (long page = 0; pagesUsers > 0 && page < pages(); page++) {
      references.mergeInt(pfn(page), 1, Integer::sum);
    }
  }

  /** set_pages_array_wc or set_pages_array_wb, whose result the helper ignores. */
  private void setCaching(CacheMode mode) {
    long[] pfns = new long[(int) pages()];
    for (int page = 0; page < pfns.length; page++) {
      pfns[page] = pfn(page);
    }
    helper.device().machine().setMemory().pages(pfns, pfns.length, mode);
  }

  private Frames frames() {
    return helper.device().machine().frames();
  }
}
