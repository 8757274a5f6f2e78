package org.pfnlab.drivers.i915;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.drm.GemObject;
import org.pfnlab.drivers.drm.ShmemPages;
import org.pfnlab.drivers.fill.Pgprot;

/**
 * drm_i915_gem_object with shmem pages, and its GTT mmap offset. Left out: the references that
 * pinning its pages takes.
 */
public final class I915Object extends GemObject {
  private final I915 i915;
  private final ShmemPages backing;
  private boolean readOnly;
  private boolean havePages;

  I915Object(I915 i915, long pages) {
    super(i915.drm(), pages);
    this.i915 = i915;
    this.backing = new ShmemPages(i915.drm().machine(), pages);
  }

  static I915Object of(Vma vma) {
    return (I915Object) GemObject.mappedBy(vma);
  }

  /** i915_gem_object_set_readonly: neither CPU mappings nor the GPU may write it. */
  public void setReadOnly() {
    readOnly = true;
  }

  /** Its device. */
  public I915 i915() {
    return i915;
  }

  boolean isReadOnly() {
    return readOnly;
  }

  /** i915_gem_mmap behind its lookup. COW mappings are not refused in any release. */
  @Override
  protected long mmap(Vma vma) {
    if (readOnly) {
      if (vma.has(VmFlags.VM_WRITE)) {
        return -Errno.EINVAL;
      }
      vma.flags &= ~VmFlags.VM_MAYWRITE;
    }
    i915.adopt(vma);
    vma.flags |= i915.mmapFlags();
    vma.pageProt = Pgprot.writeCombine(i915.drm().machine().kernel(), vma.pageProt);
    vma.ops = i915.vmOps();
    return 0;
  }

  /** i915_gem_object_pin_pages: all pages exist afterwards; false without memory. */
  @Override
  protected boolean populate() {
    havePages = havePages || backing.populate();
    return havePages;
  }

  long backingPfn(long page) {
    return backing.pfn(page);
  }

  @Override
  public long pfn(long page) {
    return i915.ggtt().currentPfn(this, page);
  }

  @Override
  protected void free() {
    i915.ggtt().forget(this);
    backing.release();
  }
}
