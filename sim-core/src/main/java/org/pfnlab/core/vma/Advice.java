package org.pfnlab.core.vma;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/** MADV_* of the uapi headers, and what the flag-setting ones make of a VMA's flags. */
public final class Advice {
  public static final int MADV_NORMAL = 0;
  public static final int MADV_RANDOM = 1;
  public static final int MADV_SEQUENTIAL = 2;
  public static final int MADV_WILLNEED = 3;
  public static final int MADV_DONTNEED = 4;
  public static final int MADV_FREE = 8;
  public static final int MADV_REMOVE = 9;
  public static final int MADV_DONTFORK = 10;
  public static final int MADV_DOFORK = 11;
  public static final int MADV_MERGEABLE = 12;
  public static final int MADV_UNMERGEABLE = 13;
  public static final int MADV_HUGEPAGE = 14;
  public static final int MADV_NOHUGEPAGE = 15;
  public static final int MADV_DONTDUMP = 16;
  public static final int MADV_DODUMP = 17;
  public static final int MADV_WIPEONFORK = 18;
  public static final int MADV_KEEPONFORK = 19;
  public static final int MADV_COLD = 20;
  public static final int MADV_PAGEOUT = 21;
  public static final int MADV_POPULATE_READ = 22;
  public static final int MADV_POPULATE_WRITE = 23;
  public static final int MADV_DONTNEED_LOCKED = 24;
  public static final int MADV_COLLAPSE = 25;
  public static final int MADV_GUARD_INSTALL = 102;
  public static final int MADV_GUARD_REMOVE = 103;

  private static final long VM_ADVICE_READ = VmFlags.VM_SEQ_READ | VmFlags.VM_RAND_READ;

  private static final long NEVER_MERGED_BY_KSM =
      VmFlags.VM_SPECIAL
          | VmFlags.VM_SHARED
          | VmFlags.VM_MAYSHARE
          | VmFlags.VM_HUGETLB
          | VmFlags.VM_DROPPABLE;

  private Advice() {}

  /** is_discard: the advice loses data, which the owner of a sealed read-only VMA may not. */
  static boolean discards(int advice) {
    return switch (advice) {
      case MADV_FREE,
          MADV_DONTNEED,
          MADV_DONTNEED_LOCKED,
          MADV_REMOVE,
          MADV_DONTFORK,
          MADV_WIPEONFORK,
          MADV_GUARD_INSTALL ->
          true;
      default -> false;
    };
  }

  /**
   * The flags of the VMA once it has taken this advice.
   *
   * @return flags, or -EINVAL: undoing what the VMA's kind demands, or wiping what is not anonymous
   */
  static long newFlags(Vma vma, int advice) {
    long flags = vma.flags;
    return switch (advice) {
      case MADV_NORMAL -> flags & ~VM_ADVICE_READ;
      case MADV_SEQUENTIAL -> (flags & ~VM_ADVICE_READ) | VmFlags.VM_SEQ_READ;
      case MADV_RANDOM -> (flags & ~VM_ADVICE_READ) | VmFlags.VM_RAND_READ;
      case MADV_DONTFORK -> flags | VmFlags.VM_DONTCOPY;
      case MADV_DOFORK -> unless(vma.has(VmFlags.VM_IO), flags & ~VmFlags.VM_DONTCOPY);
      case MADV_WIPEONFORK ->
          unless(vma.file != null || vma.has(VmFlags.VM_SHARED), flags | VmFlags.VM_WIPEONFORK);
      case MADV_KEEPONFORK -> unless(vma.has(VmFlags.VM_DROPPABLE), flags & ~VmFlags.VM_WIPEONFORK);
      case MADV_DONTDUMP -> flags | VmFlags.VM_DONTDUMP;
      case MADV_DODUMP ->
          unless(
              vma.hasAny(VmFlags.VM_DROPPABLE)
                  || (vma.hasAny(VmFlags.VM_SPECIAL) && !vma.has(VmFlags.VM_HUGETLB)),
              flags & ~VmFlags.VM_DONTDUMP);
      case MADV_MERGEABLE -> vma.hasAny(NEVER_MERGED_BY_KSM) ? flags : flags | VmFlags.VM_MERGEABLE;
      case MADV_UNMERGEABLE -> flags & ~VmFlags.VM_MERGEABLE;
      case MADV_HUGEPAGE -> (flags & ~VmFlags.VM_NOHUGEPAGE) | VmFlags.VM_HUGEPAGE;
      case MADV_NOHUGEPAGE -> (flags & ~VmFlags.VM_HUGEPAGE) | VmFlags.VM_NOHUGEPAGE;
      default -> -Errno.EINVAL;
    };
  }

  private static long unless(boolean refused, long flags) {
    return refused ? -Errno.EINVAL : flags;
  }
}
