package org.pfnlab.core.file;

import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.vma.SharedAnonymous;

/**
 * shmem (mm/shmem.c): the memory behind MAP_SHARED|MAP_ANONYMOUS, and memfds with their seals
 * (mm/memfd.c).
 */
public final class Shmem implements SharedAnonymous {
  /** No more seals. */
  public static final int F_SEAL_SEAL = 1;

  /** Never shorter. */
  public static final int F_SEAL_SHRINK = 2;

  /** Never longer. */
  public static final int F_SEAL_GROW = 4;

  /** No writes of any kind; refused while a writable mapping could exist. */
  public static final int F_SEAL_WRITE = 8;

  /** No writes but through shared mappings that exist already. */
  public static final int F_SEAL_FUTURE_WRITE = 16;

  private static final int ALL_SEALS =
      F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
  private static final int WRITE_SEALS = F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;

  /** A write-sealed memfd can be mapped shared and read-only; before, only privately. */
  public static final Feature WRITE_SEAL_ALLOWS_READING =
      Feature.define(
          "WRITE_SEAL_ALLOWS_READING",
          "158978945f31, v6.7: a shared read-only mapping of a write-sealed memfd loses VM_MAYWRITE"
              + " instead of being refused; in 6.1.y with e8e17ee90eaf",
          Releases.since("v6.7").backportedTo("v6.1.192"));

  /** Seals are looked at before the old mappings of the range are taken away. */
  public static final Feature SEALS_CHECKED_FIRST =
      Feature.define(
          "SEALS_CHECKED_FIRST",
          "28464bbb2ddc, v6.14: all memfd seal checks happen in do_mmap",
          Releases.since("v6.14"));

  private final PageCache cache;
  private final VmOps vmOps;
  private final boolean readOnlyMappings;
  private final boolean checkedFirst;
  private final long countedFlags;
  private final ShmemFileOps anonymousOps = new ShmemFileOps();
  private final ShmemFileOps memfdOps = new MemfdOps();

  /** Objects whose pages live in this cache. */
  Shmem(Kernel kernel, PageCache cache, FaultHandler faults) {
    this.cache = cache;
    this.vmOps = new PageCacheOps(faults);
    this.readOnlyMappings = kernel.has(WRITE_SEAL_ALLOWS_READING);
    this.checkedFirst = kernel.has(SEALS_CHECKED_FIRST);
    this.countedFlags = readOnlyMappings ? VmFlags.VM_MAYWRITE : 0;
  }

  /** shmem_kernel_file_setup: a new object of this size in bytes, open for reading and writing. */
  @Override
  public OpenFile create(long size) {
    return open(anonymousOps, "shared memory", size);
  }

  /** memfd_create(MFD_ALLOW_SEALING) and ftruncate to this size in bytes. */
  OpenFile memfd(String name, long size) {
    return open(memfdOps, name, size);
  }

  private OpenFile open(ShmemFileOps ops, String name, long size) {
    AddressSpace mapping = new AddressSpace(false, true);
    OpenFile file = new OpenFile(ops, mapping, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE, name);
    file.privateData = cache.create(mapping, size, Frames.FILE | Frames.SWAPBACKED);
    return file;
  }

  private class ShmemFileOps extends CachedFileOps {
    @Override
    public long mmap(Vma vma) {
      vma.ops = vmOps;
      return 0;
    }

    /** shmem's part of madvise_willneed: there is no swap to read, but the batches are drained. */
    @Override
    public void willNeed(OpenFile file, long offset, long length) {
      cache.frames.lru().drain();
    }
  }

  private final class MemfdOps extends ShmemFileOps {
    @Override
    public long allowedFlags(OpenFile file, long vmFlags) {
      return checkedFirst ? sealed(file, vmFlags) : vmFlags;
    }

    @Override
    public long mmap(Vma vma) {
      OpenFile file = vma.file;
      if (file != null && !checkedFirst) {
        long flags = sealed(file, vma.flags);
        if (Errno.isError(flags)) {
          return flags;
        }
        vma.flags = flags;
      }
      return super.mmap(vma);
    }

    /** check_write_seal, and the older refusal of whatever could become a writable mapping. */
    private long sealed(OpenFile file, long vmFlags) {
      int seals = PageCacheFile.of(file).seals();
      if ((seals & WRITE_SEALS) == 0 || (vmFlags & VmFlags.VM_SHARED) == 0) {
        return vmFlags;
      }
      boolean refused =
          (vmFlags & VmFlags.VM_WRITE) != 0 || (!readOnlyMappings && (seals & F_SEAL_WRITE) != 0);
      return refused ? -Errno.EPERM : vmFlags & ~VmFlags.VM_MAYWRITE;
    }

    @Override
    public long punchHole(OpenFile file, long offset, long length) {
      boolean sealed = (PageCacheFile.of(file).seals() & WRITE_SEALS) != 0;
      return sealed ? -Errno.EPERM : super.punchHole(file, offset, length);
    }

    @Override
    long mayWrite(PageCacheFile object, long position, int length) {
      boolean grows = position + length > object.size();
      int forbidding = grows ? WRITE_SEALS | F_SEAL_GROW : WRITE_SEALS;
      return (object.seals() & forbidding) != 0 ? -Errno.EPERM : 0;
    }

    @Override
    long truncate(OpenFile file, long size) {
      PageCacheFile object = PageCacheFile.of(file);
      int forbidding =
          size < object.size() ? F_SEAL_SHRINK : size > object.size() ? F_SEAL_GROW : 0;
      return (object.seals() & forbidding) != 0 ? -Errno.EPERM : super.truncate(file, size);
    }

    @Override
    long addSeals(OpenFile file, int seals) {
      PageCacheFile object = PageCacheFile.of(file);
      if (!file.canAccess(OpenFile.FMODE_WRITE)) {
        return -Errno.EPERM;
      }
      if ((seals & ~ALL_SEALS) != 0) {
        return -Errno.EINVAL;
      }
      if ((object.seals() & F_SEAL_SEAL) != 0) {
        return -Errno.EPERM;
      }
      boolean newlyReadOnly = (seals & ~object.seals() & F_SEAL_WRITE) != 0;
      if (newlyReadOnly && (object.isWritablyMapped(countedFlags) || object.hasPinnedPages())) {
        return -Errno.EBUSY;
      }
      object.seals |= seals;
      return 0;
    }
  }
}
