package org.pfnlab.drivers.exporter;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.dmabuf.Attachment;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufOps;
import org.pfnlab.drivers.dmabuf.SgTable;
import org.pfnlab.drivers.fill.Inserter;

/** A buffer of a driver with dma_buf_ops of its own. */
final class ExportedBuffer extends DmaBufOps {
  private final ExporterDevice device;
  private final Recipe recipe;
  private final Backing backing;
  private final long pages;
  private final VmOps vmOps = new BufferVmOps();

  ExportedBuffer(ExporterDevice device, Recipe recipe, Backing backing, long pages) {
    this.device = device;
    this.recipe = recipe;
    this.backing = backing;
    this.pages = pages;
  }

  @Override
  public boolean hasMmap() {
    return recipe.path() != Recipe.Path.NO_MMAP;
  }

  @Override
  public long mmap(DmaBuf buffer, Vma vma) {
    long refused = recipe.refusal().check(vma, pages);
    if (refused != 0) {
      return refused;
    }
    recipe.offset().prepare(vma, 0);
    vma.flags |= recipe.flags();
    vma.ops = vmOps;
    vma.privateData = this;
    return recipe.filler().mmap(device, vma, backing, pages);
  }

  @Override
  public @Nullable SgTable map(Attachment attachment) {
    SgTable table = new SgTable();
    for (long page = 0; page < pages; page++) {
      table.add(backing.pfn(page), 1);
    }
    return table;
  }

  @Override
  public void release(DmaBuf buffer) {
    device.free(backing);
  }

  private final class BufferVmOps extends VmOps {
    @Override
    public boolean hasFault() {
      return recipe.filler().atFault() != null;
    }

    @Override
    public int fault(VmFault fault) {
      Inserter inserter = recipe.filler().atFault();
      long page = recipe.offset().page(fault, 0);
      if (inserter == null || page >= pages) {
        return VmFault.SIGBUS;
      }
      return inserter.page(device.machine(), fault, backing.pfn(page), fault.vma().pageProt);
    }
  }
}
