package org.pfnlab.drivers.exporter;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/** What an exporter's mmap operation refuses by itself, before anything is filled. */
enum Refusal {
  /** Nothing. */
  NONE {
    @Override
    long check(Vma vma, long pages) {
      return 0;
    }
  },

  /** EINVAL unless VM_SHARED is set. */
  NOT_SHARED {
    @Override
    long check(Vma vma, long pages) {
      return vma.has(VmFlags.VM_SHARED) ? 0 : -Errno.EINVAL;
    }
  },

  /** EINVAL for whatever could be copied on write. */
  COW {
    @Override
    long check(Vma vma, long pages) {
      return vma.isCowMapping() ? -Errno.EINVAL : 0;
    }
  },

  /** EINVAL unless the whole object is mapped. */
  PARTIAL {
    @Override
    long check(Vma vma, long pages) {
      return vma.pages() == pages ? 0 : -Errno.EINVAL;
    }
  },

  /** EINVAL, always. */
  EVERYTHING {
    @Override
    long check(Vma vma, long pages) {
      return -Errno.EINVAL;
    }
  },

  /** ENODEV, always. */
  EVERYTHING_ENODEV {
    @Override
    long check(Vma vma, long pages) {
      return -Errno.ENODEV;
    }
  };

  /** 0, or -errno for a VMA of an object of this many pages. */
  abstract long check(Vma vma, long pages);
}
