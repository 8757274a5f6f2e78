package org.pfnlab.drivers.exporter;

import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.drm.GemObject;
import org.pfnlab.drivers.drm.GemVmOps;
import org.pfnlab.drivers.fill.Inserter;

/** A GEM object of a driver that is exported through drm_prime.c. */
final class ExportedObject extends GemObject {
  private final ExporterDevice device;
  private final Recipe recipe;
  private final Backing backing;
  private final VmOps vmOps = new ObjectVmOps();

  ExportedObject(ExporterDevice device, Recipe recipe, Backing backing, long pages) {
    super(device.drm(), pages);
    this.device = device;
    this.recipe = recipe;
    this.backing = backing;
  }

  @Override
  protected long mmap(Vma vma) {
    long refused = recipe.refusal().check(vma, pages());
    if (refused != 0) {
      return refused;
    }
    recipe.offset().prepare(vma, node().start());
    vma.flags |= recipe.flags();
    vma.ops = vmOps;
    return recipe.filler().mmap(device, vma, backing, pages());
  }

  @Override
  public long pfn(long page) {
    return backing.pfn(page);
  }

  @Override
  protected void free() {
    device.free(backing);
  }

  private final class ObjectVmOps extends GemVmOps {
    @Override
    public boolean hasFault() {
      return recipe.filler().atFault() != null;
    }

    @Override
    public int fault(VmFault fault) {
      Inserter inserter = recipe.filler().atFault();
      long page = recipe.offset().page(fault, node().start());
      if (inserter == null || page >= pages()) {
        return VmFault.SIGBUS;
      }
      return inserter.page(device.machine(), fault, backing.pfn(page), fault.vma().pageProt);
    }
  }
}
