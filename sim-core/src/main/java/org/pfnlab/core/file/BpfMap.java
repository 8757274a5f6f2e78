package org.pfnlab.core.file;

import org.pfnlab.core.insert.PteInserter;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;

/**
 * A mappable BPF map (kernel/bpf/syscall.c, bpf_map_mmap): only shared, never executable, inserted
 * at mmap by remap_vmalloc_range, so that nothing is left to fault.
 */
final class BpfMap extends KernelPages {
  private final PteInserter inserter;
  private final boolean ring;
  private final VmOps vmOps = new MapOps();

  private BpfMap(Frames frames, Register register, PteInserter inserter, int pages, boolean ring) {
    super(frames, register, pages);
    this.inserter = inserter;
    this.ring = ring;
  }

  /** BPF_MAP_TYPE_ARRAY with BPF_F_MMAPABLE. */
  static BpfMap array(Frames frames, Register register, PteInserter inserter, int pages) {
    return new BpfMap(frames, register, inserter, pages, false);
  }

  /**
   * BPF_MAP_TYPE_RINGBUF: the consumer's page, the producer's page, then the data twice in a row.
   *
   * @param data pages of data
   */
  static BpfMap ring(Frames frames, Register register, PteInserter inserter, int data) {
    return new BpfMap(frames, register, inserter, 2 + data, true);
  }

  private long mappable() {
    return ring ? 2 * pfns.length - 2 : pfns.length;
  }

  @Override
  public long mmap(Vma vma) {
    if (!vma.has(VmFlags.VM_SHARED)) {
      return -Errno.EINVAL;
    }
    vma.ops = vmOps;
    if (!vma.has(VmFlags.VM_WRITE)) {
      vma.flags &= ~VmFlags.VM_MAYWRITE;
    } else if (ring && (vma.pgoff != 0 || vma.pages() != 1)) {
      return -Errno.EPERM;
    }
    return remapVmallocRange(vma);
  }

  private long remapVmallocRange(Vma vma) {
    if (vma.pgoff < 0 || vma.pgoff + vma.pages() > mappable()) {
      return -Errno.EINVAL;
    }
    for (long i = 0; i < vma.pages(); i++) {
      long failed = inserter.vmInsertPage(vma, vma.start + (i << 12), page(vma.pgoff + i));
      if (failed != 0) {
        return failed;
      }
    }
    vma.flags |= VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;
    return 0;
  }

  private long page(long pgoff) {
    int index = (int) pgoff;
    return pfns[index < pfns.length ? index : index - pfns.length + 2];
  }

  /** bpf_map_default_vmops: it only counts writable mappings. */
  private static final class MapOps extends VmOps {
    @Override
    public boolean hasClose() {
      return true;
    }
  }
}
