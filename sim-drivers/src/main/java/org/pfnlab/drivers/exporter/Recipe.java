package org.pfnlab.drivers.exporter;

import org.pfnlab.core.mm.VmFlags;

/**
 * How one driver maps its exported buffers in one era.
 *
 * @param path who is asked first
 * @param memory where pages come from
 * @param refusal what is refused
 * @param flags what is set before anything is filled, VM_* bits; what is cleared before counts
 * @param offset what becomes of vm_pgoff
 * @param filler how entries are written
 */
record Recipe(Path path, Memory memory, Refusal refusal, long flags, Offset offset, Filler filler) {
  /** VM_DONTEXPAND and VM_DONTDUMP. */
  static final long FIXED = VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;

  /** VM_PFNMAP, as shmem buffers of GPUs are. */
  static final long PFNMAP = VmFlags.VM_PFNMAP | FIXED;

  /** VM_IO, with everything that drm_gem_mmap_obj sets but VM_PFNMAP. */
  static final long IO = VmFlags.VM_IO | FIXED;

  /** VM_MIXEDMAP and VM_IO. */
  static final long IO_MIXED = VmFlags.VM_MIXEDMAP | IO;

  /** What drm_gem_mmap_obj sets for drivers without an operation of their own. */
  static final long IO_PFNMAP = VmFlags.VM_PFNMAP | IO;

  /** Who is asked to map. */
  enum Path {
    /** dma_buf_ops.mmap of the driver's own. */
    OWN,
    /** drm_gem_prime_mmap, which adds a fake offset and asks the object. */
    GEM,
    /** There is no mmap operation. */
    NO_MMAP
  }

  /** A driver with its own dma_buf_ops. */
  static Recipe own(Memory memory, Refusal refusal, long flags, Offset offset, Filler filler) {
    return new Recipe(Path.OWN, memory, refusal, flags, offset, filler);
  }

  /** A GEM driver, behind drm_gem_prime_mmap. */
  static Recipe gem(Memory memory, Refusal refusal, long flags, Offset offset, Filler filler) {
    return new Recipe(Path.GEM, memory, refusal, flags, offset, filler);
  }

  /** A driver whose buffers cannot be mapped for want of an operation. */
  static Recipe noMmap() {
    return new Recipe(
        Path.NO_MMAP, Memory.PAGES, Refusal.EVERYTHING, 0, Offset.KEPT, Filler.FAULT_PAGE);
  }
}
