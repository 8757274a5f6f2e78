package org.pfnlab.drivers.dmabuf;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Vma;

/** dma_buf_ops: what an exporter does. Exporters extend it. */
public abstract class DmaBufOps {
  /** Whether there is an mmap operation; without one mapping the buffer gives EINVAL. */
  public boolean hasMmap() {
    return true;
  }

  /**
   * mmap: vm_pgoff counts pages of the buffer and has been checked against its size.
   *
   * @return 0 or -errno
   */
  public long mmap(DmaBuf buffer, Vma vma) {
    return -Errno.EINVAL;
  }

  /** attach: a device wants to use the buffer; 0 or -errno. */
  public long attach(DmaBuf buffer, Attachment attachment) {
    return 0;
  }

  /** detach: undoes attach. */
  public void detach(DmaBuf buffer, Attachment attachment) {}

  /** map_dma_buf: the buffer's pages for this device, or null without memory. */
  public abstract @Nullable SgTable map(Attachment attachment);

  /** unmap_dma_buf: undoes map. */
  public void unmap(Attachment attachment, SgTable table) {}

  /** begin_cpu_access: 0 or -errno. */
  public long beginCpuAccess(DmaBuf buffer, boolean write) {
    return 0;
  }

  /** end_cpu_access: 0 or -errno. */
  public long endCpuAccess(DmaBuf buffer, boolean write) {
    return 0;
  }

  /** vmap: called for the first user only; 0 or -errno. */
  public long vmap(DmaBuf buffer) {
    return -Errno.EINVAL;
  }

  /** vunmap: called when the last user is gone. */
  public void vunmap(DmaBuf buffer) {}

  /** release: nobody holds the buffer any longer. */
  public abstract void release(DmaBuf buffer);
}
