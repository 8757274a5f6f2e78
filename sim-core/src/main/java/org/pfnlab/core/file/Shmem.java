package org.pfnlab.core.file;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.vma.SharedAnonymous;

/** shmem (mm/shmem.c): the memory behind MAP_SHARED|MAP_ANONYMOUS. */
public final class Shmem implements SharedAnonymous, FrameHolder {
  private final Frames frames;
  private final VmOps vmOps;
  private final FileOps fileOps = new ShmemFileOps();
  private final List<PageCacheFile> objects = new ArrayList<>();

  /** Objects whose pages come from these frames. */
  public Shmem(Frames frames, FaultHandler faults) {
    this.frames = frames;
    this.vmOps = new PageCacheOps(faults);
  }

  /** shmem_kernel_file_setup: a new object of this size in bytes, open for reading and writing. */
  @Override
  public OpenFile create(long size) {
    AddressSpace mapping = new AddressSpace(false, true);
    OpenFile file =
        new OpenFile(fileOps, mapping, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE, "shared memory");
    PageCacheFile object = new PageCacheFile(frames, mapping, size);
    objects.add(object);
    file.privateData = object;
    return file;
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (PageCacheFile object : objects) {
      object.addReferences(references);
    }
  }

  /** Forgets every object, whose frames the machine has forgotten already. */
  public void reset() {
    objects.clear();
  }

  private final class ShmemFileOps extends FileOps {
    @Override
    public long mmap(Vma vma) {
      vma.ops = vmOps;
      return 0;
    }

    @Override
    public long fsync(OpenFile file) {
      return 0;
    }

    @Override
    public long punchHole(OpenFile file, long offset, long length) {
      return -Errno.EOPNOTSUPP;
    }

    @Override
    public void release(OpenFile file) {
      if (file.privateData instanceof PageCacheFile object) {
        object.destroy();
        objects.remove(object);
      }
    }
  }
}
