package org.pfnlab.core.vma;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.LruBatches;

/** The advice that is passed on to the file: MADV_REMOVE and MADV_WILLNEED (mm/madvise.c). */
final class FileAdvice {
  /** MADV_REMOVE wants a mapping that may become writable, not one that is. */
  public static final Feature MADV_REMOVE_ASKS_MAYWRITE =
      Feature.define(
          "MADV_REMOVE_ASKS_MAYWRITE",
          "e8e17ee90eaf, v6.7: VM_SHARED no longer implies writable; recorded in 6.1.192 too",
          Releases.since("v6.7").backportedTo("v6.1.192"));

  private final long removeNeeds;
  private final LruBatches lru;

  /** Passes advice on by the rules of this kernel. */
  FileAdvice(Kernel kernel, LruBatches lru) {
    this.lru = lru;
    this.removeNeeds =
        VmFlags.VM_SHARED
            | (kernel.has(MADV_REMOVE_ASKS_MAYWRITE) ? VmFlags.VM_MAYWRITE : VmFlags.VM_WRITE);
  }

  /**
   * madvise_willneed: vfs_fadvise, called without mmap_lock, whose answer nobody hears. Anonymous
   * memory would be swapped in, and what came of it pushed to the LRU lists.
   */
  long willNeed(Vma vma, long start, long end) {
    OpenFile file = vma.file;
    if (file != null) {
      Mm mm = vma.mm;
      long offset = vma.pgoffOf(start) << 12;
      file.get();
      mm.readUnlock();
      file.ops.willNeed(file, offset, end - start);
      file.put();
      mm.readLock();
    } else {
      lru.drain();
    }
    return 0;
  }

  /** madvise_remove: vfs_fallocate(PUNCH_HOLE), called without mmap_lock. */
  long remove(Vma vma, long start, long end) {
    OpenFile file = vma.file;
    if (vma.has(VmFlags.VM_LOCKED) || file == null) {
      return -Errno.EINVAL;
    }
    if (!vma.has(removeNeeds)) {
      return -Errno.EACCES;
    }
    if (!file.canAccess(OpenFile.FMODE_WRITE)) {
      return -Errno.EBADF;
    }
    Mm mm = vma.mm;
    long offset = vma.pgoffOf(start) << 12;
    file.get();
    mm.readUnlock();
    long result = file.ops.punchHole(file, offset, end - start);
    file.put();
    mm.readLock();
    return result;
  }
}
