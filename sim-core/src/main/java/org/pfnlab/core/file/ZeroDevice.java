package org.pfnlab.core.file;

import java.util.Arrays;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/**
 * /dev/zero (drivers/char/mem.c, mmap_zero): mapped privately it is anonymous memory that remembers
 * the file, mapped shared a fresh shmem object takes the file's place.
 */
final class ZeroDevice extends ObjectOps {
  private final Shmem shmem;

  ZeroDevice(Shmem shmem) {
    this.shmem = shmem;
  }

  /** Opens it. */
  OpenFile open(String name, int mode) {
    return new OpenFile(this, AddressSpace.ofDevice(), mode, name);
  }

  @Override
  public long maxBytes() {
    return -1;
  }

  @Override
  public long mmap(Vma vma) {
    if (!vma.has(VmFlags.VM_SHARED)) {
      vma.ops = null;
      return 0;
    }
    OpenFile device = vma.file;
    OpenFile object = shmem.create(vma.end - vma.start);
    vma.file = object;
    if (device != null) {
      device.put();
    }
    return object.ops.mmap(vma);
  }

  @Override
  long read(OpenFile file, byte[] bytes, int length, long position) {
    Arrays.fill(bytes, 0, length, (byte) 0);
    return length;
  }

  @Override
  long write(OpenFile file, byte[] bytes, int length, long position) {
    return length;
  }

  @Override
  OpenFile reopen(OpenFile file, int mode) {
    return new OpenFile(this, file.mapping, mode, file.name);
  }
}
