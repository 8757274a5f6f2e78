package org.pfnlab.drivers.heap;

import org.jspecify.annotations.Nullable;
import org.pfnlab.drivers.dmabuf.Attachment;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufOps;
import org.pfnlab.drivers.dmabuf.SgTable;

/** What buffers of all heaps share: a table of its own for each attachment, and a vmap. */
abstract class HeapBuffer extends DmaBufOps {
  /** A new table of all pages. */
  abstract SgTable table();

  @Override
  public final long attach(DmaBuf buffer, Attachment attachment) {
    attachment.exporterData = table();
    return 0;
  }

  @Override
  public final @Nullable SgTable map(Attachment attachment) {
    return attachment.exporterData instanceof SgTable table ? table : null;
  }

  @Override
  public final long vmap(DmaBuf buffer) {
    return 0;
  }
}
