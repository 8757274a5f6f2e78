package org.pfnlab.drivers.toygpu;

import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.drivers.fill.FillTime;
import org.pfnlab.drivers.fill.Inserter;

/**
 * How one open file of the toy GPU maps: every choice that a driver's author makes.
 *
 * @param memory what is mapped
 * @param time when entries are written
 * @param inserter what writes them
 * @param cache what becomes of vm_page_prot
 * @param flags VM_* bits that the mmap operation sets itself
 * @param refusesCow whether a mapping that could be copied on write is refused with EINVAL
 * @param hasAccess whether vm_ops->access is generic_access_phys
 * @param window how many pages a fault maps at most, from its own forward; {@link
 *     FillTime#EACH_FAULT} only
 * @param hugeFaults whether vm_ops->huge_fault maps 2 MiB at once where everything is aligned
 */
public record ToyMapping(
    Memory memory,
    FillTime time,
    Inserter inserter,
    Cache cache,
    long flags,
    boolean refusesCow,
    boolean hasAccess,
    int window,
    boolean hugeFaults) {
  /** VM flags that mark a range of raw page frames, but for VM_IO. */
  static final long PFNMAP = VmFlags.VM_PFNMAP | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;

  /** What is mapped. */
  public enum Memory {
    /** The BAR, from its first page. */
    BAR,
    /** 1,024 pages that the driver allocated once. */
    SYSTEM
  }

  /** What becomes of the protection that core has computed. */
  public enum Cache {
    /** Left alone. */
    DEFAULT,
    /** pgprot_writecombine of vm_page_prot. */
    WRITE_COMBINE,
    /** pgprot_noncached of vm_page_prot: UC- on x86. */
    UNCACHED_MINUS,
    /** pgprot_writecombine, but only in what is handed to the inserter. */
    WRITE_COMBINE_AT_INSERT,
    /** What PAT knows of the first page is asked once, at mmap, and kept in vm_page_prot. */
    LOOKED_UP_AT_MMAP
  }

  /** A mapping with flags of its own: neither COW refused nor access nor huge faults. */
  public static ToyMapping of(
      Memory memory, FillTime time, Inserter inserter, Cache cache, long flags) {
    return new ToyMapping(memory, time, inserter, cache, flags, false, false, 1, false);
  }

  /** The same, refusing what could be copied on write. */
  public ToyMapping refusingCow() {
    return new ToyMapping(
        memory, time, inserter, cache, flags, true, hasAccess, window, hugeFaults);
  }

  /** The same with generic_access_phys. */
  public ToyMapping withAccess() {
    return new ToyMapping(
        memory, time, inserter, cache, flags, refusesCow, true, window, hugeFaults);
  }

  /** The same with so many pages a fault. */
  public ToyMapping withWindow(int pages) {
    return new ToyMapping(
        memory, time, inserter, cache, flags, refusesCow, hasAccess, pages, hugeFaults);
  }

  /** The same with 2 MiB faults. */
  public ToyMapping withHugeFaults() {
    return new ToyMapping(
        memory, time, inserter, cache, flags, refusesCow, hasAccess, window, true);
  }
}
