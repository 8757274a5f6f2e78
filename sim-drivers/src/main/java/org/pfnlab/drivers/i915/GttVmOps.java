package org.pfnlab.drivers.i915;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.drivers.dmabuf.Reservation;
import org.pfnlab.drivers.drm.GemVmOps;

/**
 * vm_ops_gtt: a fault binds the object, or a piece of 1 MiB around the page where it does not fit,
 * and maps all that is bound with the aperture's cache bits.
 */
final class GttVmOps extends GemVmOps {
  /** vm_fault_gtt calls. */
  static final Event FAULT = Event.define("i915.fault_gtt", "vm_fault_gtt");

  /** Pages that remap_io_mapping wrote entries for. */
  static final Event REMAPPED = Event.define("i915.remapped", "pages mapped by remap_io_mapping");

  /** A fault that found no room although it may evict. */
  static final KernelBug NO_SPACE =
      new KernelBug("vm_fault_gtt", "no room in the aperture even after eviction");

  /** MIN_CHUNK_PAGES: partial views are pieces of 1 MiB. */
  private static final long CHUNK_PAGES = 256;

  private final Machine machine;
  private final Ggtt ggtt;
  private final boolean evictsAperture;
  private final boolean clipsToVma;
  private final boolean accessChecksEnd;

  GttVmOps(Machine machine, Ggtt ggtt) {
    Kernel kernel = machine.kernel();
    this.machine = machine;
    this.ggtt = ggtt;
    this.evictsAperture = kernel.has(I915Features.I915_EVICTS_APERTURE);
    this.clipsToVma = kernel.has(I915Features.I915_CLIPS_TO_VMA);
    this.accessChecksEnd = kernel.has(I915Features.I915_ACCESS_CHECKS_END);
  }

  @Override
  public int fault(VmFault fault) {
    machine.kernel().meter.count(FAULT);
    Vma vma = fault.vma();
    I915Object object = I915Object.of(vma);
    if (object.isReadOnly() && vma.has(VmFlags.VM_WRITE)) {
      return VmFault.SIGBUS;
    }
    long failed = object.reservation().lockInterruptible();
    if (failed == 0) {
      failed = bindAndMap(fault, object);
      object.reservation().unlock();
    }
    return faultCode(failed);
  }

  private long bindAndMap(VmFault fault, I915Object object) {
    Vma vma = fault.vma();
    if (!object.populate()) {
      return -Errno.ENOMEM;
    }
    long page = (fault.address - vma.start) >>> 12;
    if (clipsToVma) {
      page = fault.pgoff - object.node().start();
    }
    GgttView view = bind(object, page);
    if (view == null) {
      return -Errno.ENOSPC;
    }
    long failed = remapIoMapping(vma, view);
    if (failed == 0) {
      view.userFault = true;
    }
    return failed;
  }

  /** The whole object if that costs nobody else his place, or the piece around the page. */
  private @Nullable GgttView bind(I915Object object, long page) {
    GgttView whole = ggtt.bind(object, 0, object.pages());
    if (whole != null) {
      return whole;
    }
    long first = 0;
    long pages = object.pages();
    if (CHUNK_PAGES < pages) {
      first = page / CHUNK_PAGES * CHUNK_PAGES;
      pages = Math.min(CHUNK_PAGES, pages - first);
    }
    GgttView view = ggtt.bindEvicting(object, first, pages);
    if (view == null && !evictsAperture) {
      throw NO_SPACE;
    }
    return view;
  }

  /** remap_io_mapping: nothing is looked up and nothing reserved for these entries. */
  private long remapIoMapping(Vma vma, GgttView view) {
    long prot = Pte.withCacheBits(vma.pageProt, Pte.cacheBits(ggtt.mappingProt()));
    long vmaFirst = clipsToVma ? vma.pgoff - view.object.node().start() : 0;
    long first = Math.max(view.first, vmaFirst);
    long end = view.first + Math.min(view.pages, vma.pages());
    if (clipsToVma) {
      end = Math.min(view.first + view.pages, vmaFirst + vma.pages());
    }
    long address = vma.start + ((first - vmaFirst) << 12);
    long pfn = ggtt.pfn(view.boundAt + first - view.first);
    machine.kernel().meter.count(REMAPPED, end - first);
    return machine.applyToPageRange().mapSpecial(vma, address, pfn, (end - first) << 12, prot);
  }

  /**
   * i915_error_to_vmf_fault.
   *
   * @param errno 0 or a negated error number
   */
  static int faultCode(long errno) {
    return switch ((int) -errno) {
      case 0, Errno.EAGAIN, Errno.ENOSPC, Reservation.ERESTARTSYS, Errno.EINTR, Errno.EBUSY ->
          VmFault.NOPAGE;
      case Errno.ENOMEM -> VmFault.OOM;
      default -> VmFault.SIGBUS;
    };
  }

  @Override
  public boolean hasAccess() {
    return true;
  }

  /** vm_access: through a kernel mapping of the object's pages. */
  @Override
  public int access(Vma vma, long address, byte[] buffer, int offset, int length, boolean write) {
    I915Object object = I915Object.of(vma);
    if (object.isReadOnly() && write) {
      return -Errno.EACCES;
    }
    long first = address - vma.start;
    long size = object.pages() << 12;
    if (first >= size || (accessChecksEnd && first + length > size)) {
      return -Errno.EINVAL;
    }
    if (!object.populate()) {
      return -Errno.ENOMEM;
    }
    Frames frames = machine.frames();
    int within = (int) Math.min(length, size - first);
    for (int i = 0; i < within; i++) {
      long pfn = object.pfn((first + i) >>> 12);
      int at = (int) (first + i) & 0xfff;
      if (write) {
        frames.store(pfn, at, buffer[offset + i]);
      } else {
        buffer[offset + i] = frames.load(pfn, at);
      }
    }
    return length;
  }
}
