package org.pfnlab.drivers.drm;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.dmabuf.Reservation;

/**
 * drm_gem_object: a buffer of a DRM device. Handles, mappings and exports hold references; the last
 * one frees it.
 */
public abstract class GemObject {
  private final DrmDevice device;
  private final long pages;
  private final VmaNode node;
  private final Reservation reservation;
  private int references = 1;

  /** An object of this many pages, with one reference and a fake offset. */
  protected GemObject(DrmDevice device, long pages) {
    this.device = device;
    this.pages = pages;
    this.node = device.addNode(pages, this);
    this.reservation = new Reservation(device.machine().kernel().meter);
  }

  /** The object that a VMA maps (vm_private_data). */
  public static GemObject mappedBy(Vma vma) {
    if (vma.privateData instanceof GemObject object) {
      return object;
    }
    throw new IllegalStateException(vma + " maps no GEM object");
  }

  /**
   * drm_gem_mmap_obj behind its lookup: takes the mapping's reference and calls the object's own
   * operation.
   */
  final long mapInto(Vma vma) {
    if (vma.pages() > pages) {
      return -Errno.EINVAL;
    }
    get();
    vma.privateData = this;
    long failed = mmap(vma);
    if (failed != 0) {
      put();
    }
    return failed;
  }

  /**
   * drm_gem_object_funcs.mmap: sets operations, flags and protection. vm_pgoff still holds the fake
   * offset.
   *
   * @return 0 or -errno
   */
  protected abstract long mmap(Vma vma);

  /** Frees what the object consists of; the last reference is gone. */
  protected abstract void free();

  /** Makes sure that every page exists, as pinning for a device does; false without memory. */
  protected boolean populate() {
    return true;
  }

  /** The page frame that holds a page now; -1 if there is none yet. */
  public abstract long pfn(long page);

  /** drm_gem_object_get. */
  public final void get() {
    references++;
  }

  /** drm_gem_object_put. */
  public final void put() {
    if (references <= 0) {
      throw new IllegalStateException("a freed GEM object is put");
    }
    if (--references == 0) {
      free();
      device.removeNode(node);
    }
  }

  /** The device. */
  public final DrmDevice device() {
    return device;
  }

  /** Length in pages. */
  public final long pages() {
    return pages;
  }

  /** Its fake offset. */
  public final VmaNode node() {
    return node;
  }

  /** Its reservation object. */
  public final Reservation reservation() {
    return reservation;
  }
}
