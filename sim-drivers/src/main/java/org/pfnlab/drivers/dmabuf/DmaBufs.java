package org.pfnlab.drivers.dmabuf;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.HookPoint;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.Vma;

/**
 * drivers/dma-buf/dma-buf.c: export, attach, map, and the two entry points of mmap. No kernel from
 * v5.11 to v7.0 looks at the VMA after the exporter's mmap; the two hook points are where the rules
 * that were proposed in 2021 would stand.
 *
 * <p>Left out: dynamic importers (pin, move_notify), mappings cached at attach time (before v6.5),
 * poll and the sync ioctl.
 */
public final class DmaBufs {
  /** Asked before the exporter's mmap operation; -errno refuses. */
  @FunctionalInterface
  public interface BeforeExporterMmap {
    /** 0, or -errno to refuse. */
    long check(Vma vma);
  }

  /** Asked after the exporter's mmap operation, also if that failed. */
  @FunctionalInterface
  public interface AfterExporterMmap {
    /**
     * Judges a mapping.
     *
     * @param result what the exporter returned: 0 or -errno
     * @return what mmap shall return: the same, or -errno to refuse
     */
    long check(Vma vma, long result);
  }

  /** Before dma_buf_ops.mmap, in both entry points, after the size was checked. */
  public static final HookPoint<BeforeExporterMmap> BEFORE_EXPORTER_MMAP =
      HookPoint.define(
          "dma_buf_mmap:before_exporter",
          (first, second) ->
              vma -> {
                long refused = first.check(vma);
                return refused != 0 ? refused : second.check(vma);
              });

  /** After dma_buf_ops.mmap, in both entry points. */
  public static final HookPoint<AfterExporterMmap> AFTER_EXPORTER_MMAP =
      HookPoint.define(
          "dma_buf_mmap:after_exporter",
          (first, second) -> (vma, result) -> second.check(vma, first.check(vma, result)));

  /** dma_buf_release of a buffer that the kernel still has mapped. */
  public static final KernelBug RELEASED_WHILE_VMAPPED =
      new KernelBug("dma_buf_release", "vmapping_counter is not 0");

  private final Kernel kernel;
  private final @Nullable BeforeExporterMmap before;
  private final @Nullable AfterExporterMmap after;
  private final FileOps fileOps = new DmaBufFileOps();

  /** The core of this kernel. */
  public DmaBufs(Kernel kernel) {
    this.kernel = kernel;
    this.before = kernel.hooks().get(BEFORE_EXPORTER_MMAP);
    this.after = kernel.hooks().get(AFTER_EXPORTER_MMAP);
  }

  /**
   * dma_buf_export and dma_buf_fd: a buffer whose file has one reference.
   *
   * @param size bytes, whole pages
   * @param mode FMODE_* bits of the descriptor, from O_RDWR or O_RDONLY at export
   * @param mapping f_mapping: whose i_mmap its VMAs are linked to; null for one of its own
   * @param reservation the exporter's own, or null for a new one
   */
  public DmaBuf export(
      DmaBufOps ops,
      long size,
      int mode,
      @Nullable AddressSpace mapping,
      @Nullable Reservation reservation) {
    if (size <= 0 || (size & 0xfff) != 0) {
      throw new IllegalArgumentException(
          "a dma-buf consists of whole pages, not " + size + " bytes");
    }
    AddressSpace space = mapping != null ? mapping : AddressSpace.ofDevice();
    OpenFile file = new OpenFile(fileOps, space, mode, "dmabuf");
    Reservation lock = reservation != null ? reservation : new Reservation(kernel.meter);
    DmaBuf buffer = new DmaBuf(ops, size, file, lock);
    file.privateData = buffer;
    return buffer;
  }

  /**
   * dma_buf_get: the buffer behind a descriptor, with a reference of its own.
   *
   * @return the buffer, or null where the kernel says EINVAL because the file is none
   */
  public static @Nullable DmaBuf get(OpenFile file) {
    if (file.privateData instanceof DmaBuf buffer) {
      file.get();
      return buffer;
    }
    return null;
  }

  /** dma_buf_put: drops a reference. */
  public static void put(DmaBuf buffer) {
    buffer.file().put();
  }

  /** dma_buf_mmap_internal: mmap(2) on the buffer's descriptor. */
  long mmapInternal(Vma vma) {
    OpenFile file = vma.file;
    if (file == null || !(file.privateData instanceof DmaBuf buffer)) {
      return -Errno.EINVAL;
    }
    if (!buffer.ops().hasMmap() || vma.pgoff + vma.pages() > buffer.size() >>> 12) {
      return -Errno.EINVAL;
    }
    return mmapChecked(buffer, vma);
  }

  /**
   * dma_buf_mmap: a driver whose own file is being mapped hands the VMA over to the buffer, whose
   * file it then belongs to.
   *
   * @param pgoff first page of the buffer
   * @return 0, -EINVAL (no mmap operation, beyond the end), -EOVERFLOW, or the exporter's error
   */
  public long mmap(DmaBuf buffer, Vma vma, long pgoff) {
    if (!buffer.ops().hasMmap()) {
      return -Errno.EINVAL;
    }
    long end = pgoff + vma.pages();
    if (Long.compareUnsigned(end, pgoff) < 0) {
      return -Errno.EOVERFLOW;
    }
    if (Long.compareUnsigned(end, buffer.size() >>> 12) > 0) {
      return -Errno.EINVAL;
    }
    buffer.file().get();
    OpenFile before = vma.file;
    vma.file = buffer.file();
    if (before != null) {
      before.put();
    }
    vma.pgoff = pgoff;
    return mmapChecked(buffer, vma);
  }

  private long mmapChecked(DmaBuf buffer, Vma vma) {
    long refused = before == null ? 0 : before.check(vma);
    if (refused != 0) {
      return refused;
    }
    long result = buffer.ops().mmap(buffer, vma);
    return after == null ? result : after.check(vma, result);
  }

  /**
   * dma_buf_attach.
   *
   * @param importer the device
   * @return the attachment, or null where the exporter refuses
   */
  public @Nullable Attachment attach(DmaBuf buffer, String importer) {
    Attachment attachment = new Attachment(buffer, importer);
    if (buffer.ops().attach(buffer, attachment) != 0) {
      return null;
    }
    buffer.attachments.add(attachment);
    return attachment;
  }

  /** dma_buf_detach. */
  public void detach(Attachment attachment) {
    DmaBuf buffer = attachment.buffer();
    if (!buffer.attachments.remove(attachment)) {
      throw new IllegalStateException(attachment.importer + " is not attached to this buffer");
    }
    buffer.ops().detach(buffer, attachment);
  }

  /** dma_buf_map_attachment: the buffer's pages for DMA, or null if the exporter has no memory. */
  public @Nullable SgTable map(Attachment attachment) {
    SgTable table = attachment.buffer().ops().map(attachment);
    if (table != null) {
      attachment.setMapped(attachment.mapped() + 1);
    }
    return table;
  }

  /** dma_buf_unmap_attachment. */
  public void unmap(Attachment attachment, SgTable table) {
    attachment.setMapped(attachment.mapped() - 1);
    attachment.buffer().ops().unmap(attachment, table);
  }

  /**
   * dma_buf_begin_cpu_access: the exporter first, then implicit fences: a reader waits for writers,
   * a writer for everybody.
   *
   * @return 0, the exporter's error, or -{@link Reservation#ERESTARTSYS}
   */
  public long beginCpuAccess(DmaBuf buffer, boolean write) {
    long failed = buffer.ops().beginCpuAccess(buffer, write);
    if (failed != 0) {
      return failed;
    }
    return buffer.reservation().waitFor(write ? Reservation.Usage.READ : Reservation.Usage.WRITE);
  }

  /** dma_buf_end_cpu_access. */
  public long endCpuAccess(DmaBuf buffer, boolean write) {
    return buffer.ops().endCpuAccess(buffer, write);
  }

  /** dma_buf_vmap: only the first user reaches the exporter. */
  public long vmap(DmaBuf buffer) {
    if (buffer.vmapUsers == 0) {
      long failed = buffer.ops().vmap(buffer);
      if (failed != 0) {
        return failed;
      }
    }
    buffer.vmapUsers++;
    return 0;
  }

  /** dma_buf_vunmap: only the last user reaches the exporter. */
  public void vunmap(DmaBuf buffer) {
    if (buffer.vmapUsers == 0) {
      throw new IllegalStateException("this buffer is not mapped into the kernel");
    }
    if (--buffer.vmapUsers == 0) {
      buffer.ops().vunmap(buffer);
    }
  }

  private void release(DmaBuf buffer) {
    if (buffer.vmapUsers != 0) {
      throw RELEASED_WHILE_VMAPPED;
    }
    buffer.ops().release(buffer);
    if (!buffer.attachments.isEmpty()) {
      kernel.log().warn("dma_buf_release", "attachments remain");
    }
  }

  private final class DmaBufFileOps extends FileOps {
    @Override
    public long mmap(Vma vma) {
      return mmapInternal(vma);
    }

    @Override
    public void release(OpenFile file) {
      if (file.privateData instanceof DmaBuf buffer) {
        DmaBufs.this.release(buffer);
      }
    }
  }
}
