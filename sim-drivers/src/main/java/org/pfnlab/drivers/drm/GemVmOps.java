package org.pfnlab.drivers.drm;

import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;

/** drm_gem_vm_open and drm_gem_vm_close: every VMA holds a reference to its object. */
public abstract class GemVmOps extends VmOps {
  @Override
  public void open(Vma vma) {
    GemObject.mappedBy(vma).get();
  }

  @Override
  public boolean hasClose() {
    return true;
  }

  @Override
  public void close(Vma vma) {
    GemObject.mappedBy(vma).put();
  }

  @Override
  public boolean hasFault() {
    return true;
  }
}
