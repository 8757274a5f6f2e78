package org.pfnlab.core.mm;

import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.pagetable.Pte;

/**
 * The bits of vm_area_struct.vm_flags (include/linux/mm.h), with the values that the kernels v5.11
 * to v6.18 share, and what is computed from them: masks, smaps letters, page protection.
 */
public final class VmFlags {
  public static final long VM_READ = 1L;
  public static final long VM_WRITE = 1L << 1;
  public static final long VM_EXEC = 1L << 2;
  public static final long VM_SHARED = 1L << 3;
  public static final long VM_MAYREAD = 1L << 4;
  public static final long VM_MAYWRITE = 1L << 5;
  public static final long VM_MAYEXEC = 1L << 6;
  public static final long VM_MAYSHARE = 1L << 7;
  public static final long VM_GROWSDOWN = 1L << 8;
  public static final long VM_UFFD_MISSING = 1L << 9;
  public static final long VM_PFNMAP = 1L << 10;

  /** Guard markers may be in here: printed "gu", sticky (v6.18.y stable, v6.19). */
  public static final long VM_MAYBE_GUARD = 1L << 11;

  public static final long VM_UFFD_WP = 1L << 12;
  public static final long VM_LOCKED = 1L << 13;
  public static final long VM_IO = 1L << 14;
  public static final long VM_SEQ_READ = 1L << 15;
  public static final long VM_RAND_READ = 1L << 16;
  public static final long VM_DONTCOPY = 1L << 17;
  public static final long VM_DONTEXPAND = 1L << 18;
  public static final long VM_LOCKONFAULT = 1L << 19;
  public static final long VM_ACCOUNT = 1L << 20;
  public static final long VM_NORESERVE = 1L << 21;
  public static final long VM_HUGETLB = 1L << 22;
  public static final long VM_SYNC = 1L << 23;

  /** VM_ARCH_1: on x86 before v6.16, the VMA owns a PAT reservation. */
  public static final long VM_PAT = 1L << 24;

  public static final long VM_WIPEONFORK = 1L << 25;
  public static final long VM_DONTDUMP = 1L << 26;
  public static final long VM_SOFTDIRTY = 1L << 27;
  public static final long VM_MIXEDMAP = 1L << 28;
  public static final long VM_HUGEPAGE = 1L << 29;
  public static final long VM_NOHUGEPAGE = 1L << 30;
  public static final long VM_MERGEABLE = 1L << 31;
  public static final long VM_DROPPABLE = 1L << 40;
  public static final long VM_SEALED = 1L << 42;

  /** Any of these: the VMA is never merged, locked, or expanded. */
  public static final long VM_SPECIAL = VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP;

  /** VM_ACCESS_FLAGS: without any of them a VMA is not accessible. */
  public static final long VM_ACCESS = VM_READ | VM_WRITE | VM_EXEC;

  /** Both lock flags. */
  public static final long VM_LOCKED_MASK = VM_LOCKED | VM_LOCKONFAULT;

  /** What every mapping may become unless its object forbids it. */
  public static final long VM_MAY_ALL = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;

  /** smaps names VM_LOCKONFAULT "lf" instead of "??". */
  public static final Feature SMAPS_LOCKONFAULT =
      Feature.define(
          "SMAPS_LOCKONFAULT",
          "smaps prints lf for VM_LOCKONFAULT, before that ??",
          Releases.since("v6.2"));

  private static final String[] LETTERS = {
    "rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "gd", "um", "pf", "gu", "uw", "lo", "io", "sr",
    "rr", "dc", "de", "??", "ac", "nr", "ht", "sf", "ar", "wf", "dd", "sd", "mm", "hg", "nh", "mg",
    "??", "??", "??", "??", "??", "??", "??", "??", "dp", "??", "sl"
  };

  /**
   * protection_map of x86 by the low four flag bits: exec, write, read without and with sharing.
   */
  private static final long[] PROTECTION = new long[16];

  static {
    for (int bits = 0; bits < 16; bits++) {
      boolean write = (bits & VM_WRITE) != 0;
      boolean exec = (bits & VM_EXEC) != 0;
      boolean shared = (bits & VM_SHARED) != 0;
      if ((bits & VM_ACCESS) == 0) {
        PROTECTION[bits] = Pte.PAGE_NONE;
      } else if (write && shared) {
        PROTECTION[bits] = exec ? Pte.PAGE_SHARED_EXEC : Pte.PAGE_SHARED;
      } else {
        PROTECTION[bits] = exec ? Pte.PAGE_READONLY_EXEC : Pte.PAGE_READONLY;
      }
    }
  }

  private VmFlags() {}

  /**
   * is_cow_mapping: a store may have to copy. True for every MAP_PRIVATE mapping that may become
   * writable, read-only ones included.
   */
  public static boolean isCowMapping(long flags) {
    return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
  }

  /** vm_get_page_prot: PTE bits for these flags, without write-notify. */
  public static long pageProt(long flags) {
    return PROTECTION[(int) (flags & 0xf)];
  }

  /** The permission column of /proc/pid/maps: {@code rw-p}; s comes from VM_MAYSHARE. */
  public static String permissions(long flags) {
    return ((flags & VM_READ) != 0 ? "r" : "-")
        + ((flags & VM_WRITE) != 0 ? "w" : "-")
        + ((flags & VM_EXEC) != 0 ? "x" : "-")
        + ((flags & VM_MAYSHARE) != 0 ? "s" : "p");
  }

  /** The VmFlags line of smaps: two letters a bit, in bit order, separated by one space. */
  public static String letters(long flags, Kernel kernel) {
    StringBuilder text = new StringBuilder();
    for (int bit = 0; bit < LETTERS.length; bit++) {
      if ((flags & (1L << bit)) != 0) {
        if (text.length() > 0) {
          text.append(' ');
        }
        boolean lockOnFault = (1L << bit) == VM_LOCKONFAULT && kernel.has(SMAPS_LOCKONFAULT);
        text.append(lockOnFault ? "lf" : LETTERS[bit]);
      }
    }
    return text.toString();
  }
}
