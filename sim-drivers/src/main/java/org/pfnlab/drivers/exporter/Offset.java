package org.pfnlab.drivers.exporter;

import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.Vma;

/** What a driver makes of vm_pgoff, which counts from a GEM object's fake offset. */
enum Offset {
  /** It stays, and a fault's page is counted from the fake offset. */
  KEPT {
    @Override
    long page(VmFault fault, long base) {
      return fault.pgoff - base;
    }
  },

  /** The fake offset is taken off: what user space asked for remains. */
  REBASED {
    @Override
    void prepare(Vma vma, long base) {
      vma.pgoff -= base;
    }
  },

  /** It is set to 0, so that the object is mapped from its first page whatever was asked. */
  ZEROED {
    @Override
    void prepare(Vma vma, long base) {
      vma.pgoff = 0;
    }
  },

  /** It stays and nobody looks: a fault's page is counted from the VMA's start. */
  FROM_VMA_START {
    @Override
    long page(VmFault fault, long base) {
      return (fault.address - fault.vma().start) >>> 12;
    }
  };

  /** In the mmap operation. */
  void prepare(Vma vma, long base) {}

  /** The page of the object that a fault wants. */
  long page(VmFault fault, long base) {
    return fault.pgoff;
  }
}
