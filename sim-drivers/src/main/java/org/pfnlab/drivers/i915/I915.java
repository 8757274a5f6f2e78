package org.pfnlab.drivers.i915;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.drm.DrmDevice;
import org.pfnlab.drivers.drm.DrmFile;
import org.pfnlab.drivers.drm.VmaNode;
import org.pfnlab.drivers.kind.Bar;

/**
 * drm_i915_private, as far as GTT mappings go. VMAs belong to a file of the device's own, so that
 * closing the device's descriptor does not keep them; it shares the device's address space, so that
 * revocation still finds them.
 */
public final class I915 {
  private final DrmDevice drm;
  private final Ggtt ggtt;
  private final VmOps vmOps;
  private final OpenFile singleton;
  private final long mmapFlags;

  private I915(Machine machine, Ggtt ggtt) {
    this.drm = new DrmDevice(machine, "i915", this::mmap);
    this.ggtt = ggtt;
    this.vmOps = new GttVmOps(machine, ggtt);
    this.singleton =
        new OpenFile(
            new SingletonOps(),
            drm.mapping(),
            OpenFile.FMODE_READ | OpenFile.FMODE_WRITE,
            "i915.gem");
    this.mmapFlags =
        VmFlags.VM_PFNMAP
            | VmFlags.VM_DONTEXPAND
            | VmFlags.VM_DONTDUMP
            | (machine.kernel().has(I915Features.I915_MMAP_IO) ? VmFlags.VM_IO : 0);
  }

  /** Probes the device; null where the kernel says EIO because the aperture cannot be reserved. */
  public static @Nullable I915 probe(Machine machine, Bar aperture) {
    Ggtt ggtt = Ggtt.probe(machine, aperture);
    return ggtt == null ? null : new I915(machine, ggtt);
  }

  /** DRM_IOCTL_I915_GEM_CREATE. */
  public I915Object create(long pages) {
    return new I915Object(this, pages);
  }

  /** The DRM side. */
  public DrmDevice drm() {
    return drm;
  }

  /** The aperture. */
  public Ggtt ggtt() {
    return ggtt;
  }

  VmOps vmOps() {
    return vmOps;
  }

  long mmapFlags() {
    return mmapFlags;
  }

  /** vma_set_file with mmap_singleton. */
  void adopt(Vma vma) {
    OpenFile before = vma.file;
    singleton.get();
    vma.file = singleton;
    if (before != null) {
      before.put();
    }
  }

  /** i915_gem_mmap: a known offset without permission is EACCES, an unknown one EINVAL. */
  private long mmap(DrmFile file, Vma vma) {
    if (drm.isUnplugged()) {
      return -Errno.ENODEV;
    }
    VmaNode node = drm.lookup(vma.pgoff, vma.pages());
    if (node == null || !(node.owner() instanceof I915Object object)) {
      return -Errno.EINVAL;
    }
    return node.isAllowed(file) ? drm.mapObject(object, vma) : -Errno.EACCES;
  }

  /** singleton_fops: nobody opens or maps this file himself. */
  private static final class SingletonOps extends FileOps {
    @Override
    public boolean hasMmap() {
      return false;
    }

    @Override
    public long mmap(Vma vma) {
      return -Errno.ENODEV;
    }
  }
}
