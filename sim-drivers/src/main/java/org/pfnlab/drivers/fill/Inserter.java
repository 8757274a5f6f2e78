package org.pfnlab.drivers.fill;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.Vma;

/**
 * A function of mm/memory.c that writes page-table entries, as drivers choose between them. Each
 * can fill a range of consecutive page frames, or answer one fault.
 */
public enum Inserter {
  /** remap_pfn_range, one call for the whole range. */
  REMAP_PFN_RANGE {
    @Override
    public long range(Machine machine, Vma vma, long address, long pfn, long pages, long prot) {
      return machine.remapPfn().remapPfnRange(vma, address, pfn, pages << 12, prot);
    }
  },

  /** remap_pfn_range, one call a page. */
  REMAP_EACH_PAGE {
    @Override
    public long range(Machine machine, Vma vma, long address, long pfn, long pages, long prot) {
      for (long i = 0; i < pages; i++) {
        long failed =
            machine.remapPfn().remapPfnRange(vma, address + (i << 12), pfn + i, 4096, prot);
        if (failed != 0) {
          return failed;
        }
      }
      return 0;
    }
  },

  /** vm_insert_page, one call a page; vmf_insert_page in a fault. Uses the VMA's protection. */
  INSERT_PAGE {
    @Override
    public long range(Machine machine, Vma vma, long address, long pfn, long pages, long prot) {
      for (long i = 0; i < pages; i++) {
        long failed = machine.inserter().vmInsertPage(vma, address + (i << 12), pfn + i);
        if (failed != 0) {
          return failed;
        }
      }
      return 0;
    }

    @Override
    public int page(Machine machine, VmFault fault, long pfn, long prot) {
      return machine.inserter().vmfInsertPage(fault.vma(), fault.address, pfn);
    }
  },

  /** vmf_insert_pfn, one call a page. Uses the VMA's protection. */
  INSERT_PFN {
    @Override
    public long range(Machine machine, Vma vma, long address, long pfn, long pages, long prot) {
      for (long i = 0; i < pages; i++) {
        int result = machine.inserter().vmfInsertPfn(vma, address + (i << 12), pfn + i);
        if ((result & VmFault.ERROR) != 0) {
          return -Errno.EFAULT;
        }
      }
      return 0;
    }

    @Override
    public int page(Machine machine, VmFault fault, long pfn, long prot) {
      return machine.inserter().vmfInsertPfn(fault.vma(), fault.address, pfn);
    }
  },

  /** vmf_insert_pfn_prot. */
  INSERT_PFN_PROT {
    @Override
    public int page(Machine machine, VmFault fault, long pfn, long prot) {
      return machine.inserter().vmfInsertPfnProt(fault.vma(), fault.address, pfn, prot);
    }
  },

  /** vmf_insert_mixed. Uses the VMA's protection. */
  INSERT_MIXED {
    @Override
    public int page(Machine machine, VmFault fault, long pfn, long prot) {
      return machine.inserter().vmfInsertMixed(fault.vma(), fault.address, pfn);
    }
  },

  /** The fault handler hands the page back with a reference, and core maps it. */
  FAULT_PAGE {
    @Override
    public int page(Machine machine, VmFault fault, long pfn, long prot) {
      machine.frames().get(pfn);
      fault.page = pfn;
      return 0;
    }
  },

  /**
   * A raw frame with the protection as it is, PAT not asked, one call a page. In no release; right
   * only if the protection holds the frame's cache mode already.
   */
  INSERT_PFN_UNASKED {
    @Override
    public long range(Machine machine, Vma vma, long address, long pfn, long pages, long prot) {
      for (long i = 0; i < pages; i++) {
        int result = machine.inserter().vmfInsertPfnRam(vma, address + (i << 12), pfn + i, prot);
        if ((result & VmFault.ERROR) != 0) {
          return -Errno.EFAULT;
        }
      }
      return 0;
    }

    @Override
    public int page(Machine machine, VmFault fault, long pfn, long prot) {
      return machine.inserter().vmfInsertPfnRam(fault.vma(), fault.address, pfn, prot);
    }
  },

  /**
   * One call for a range: PAT is asked about its first page, apply_to_page_range writes all of it.
   * In no release; right only if the range has one cache mode, as within one reservation.
   */
  INSERT_PFNS_ASKED_ONCE {
    @Override
    public long range(Machine machine, Vma vma, long address, long pfn, long pages, long prot) {
      long known = Pgprot.known(machine, pfn, prot);
      return machine.applyToPageRange().mapSpecial(vma, address, pfn, pages << 12, known);
    }
  },

  /** apply_to_page_range with a writer of special entries, as i915's remap_io_mapping. */
  APPLY_SPECIAL {
    @Override
    public long range(Machine machine, Vma vma, long address, long pfn, long pages, long prot) {
      return machine.applyToPageRange().mapSpecial(vma, address, pfn, pages << 12, prot);
    }
  };

  /**
   * Fills consecutive pages of a VMA.
   *
   * @param address first byte to be filled
   * @param pfn the page frame that goes there; the following ones go behind it
   * @param prot PTE protection bits, for the inserters that take any
   * @return 0 or -errno
   */
  public long range(Machine machine, Vma vma, long address, long pfn, long pages, long prot) {
    throw new UnsupportedOperationException(this + " answers faults only");
  }

  /**
   * Answers one fault.
   *
   * @return VM_FAULT_* bits of {@link VmFault}
   */
  public int page(Machine machine, VmFault fault, long pfn, long prot) {
    throw new UnsupportedOperationException(this + " fills ranges only");
  }
}
