package org.pfnlab.drivers.toydma;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/** What a driver's mmap does to the VMA's flags before and after it calls dma_mmap_*. */
public enum FlagsAround {
  /** Nothing. */
  NONE,

  /** EINVAL unless dma_mmap_* left VM_PFNMAP: the rule of 2021, in a driver. */
  REQUIRE_PFNMAP_AFTER {
    @Override
    long after(Vma vma) {
      return vma.has(VmFlags.VM_PFNMAP) ? 0 : -Errno.EINVAL;
    }
  },

  /** VM_PFNMAP is or-ed in once the entries are there. */
  OR_PFNMAP_AFTER {
    @Override
    long after(Vma vma) {
      vma.flags |= VmFlags.VM_PFNMAP;
      return 0;
    }
  },

  /** VM_MIXEDMAP is set first. */
  SET_MIXEDMAP_BEFORE {
    @Override
    void before(Vma vma) {
      vma.flags |= VmFlags.VM_MIXEDMAP;
    }
  },

  /** VM_PFNMAP is set first, as drm_gem_mmap_obj does before it redirects to a driver. */
  SET_PFNMAP_BEFORE {
    @Override
    void before(Vma vma) {
      vma.flags |= VmFlags.VM_PFNMAP;
    }
  };

  /** Before dma_mmap_*. */
  void before(Vma vma) {}

  /** After it succeeded: 0 or -errno. */
  long after(Vma vma) {
    return 0;
  }
}
