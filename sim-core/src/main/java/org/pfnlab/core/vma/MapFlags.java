package org.pfnlab.core.vma;

import org.pfnlab.core.mm.VmFlags;

/** MAP_* and PROT_* of the uapi headers on x86-64, and their translation into VM flags. */
public final class MapFlags {
  public static final int PROT_READ = 0x1;
  public static final int PROT_WRITE = 0x2;
  public static final int PROT_EXEC = 0x4;
  public static final int PROT_SEM = 0x8;
  public static final int PROT_GROWSDOWN = 0x01000000;
  public static final int PROT_GROWSUP = 0x02000000;

  public static final int MAP_SHARED = 0x01;
  public static final int MAP_PRIVATE = 0x02;
  public static final int MAP_SHARED_VALIDATE = 0x03;

  /** Anonymous memory that may be dropped under pressure (v6.11). */
  public static final int MAP_DROPPABLE = 0x08;

  public static final int MAP_TYPE = 0x0f;
  public static final int MAP_FIXED = 0x10;
  public static final int MAP_ANONYMOUS = 0x20;
  public static final int MAP_32BIT = 0x40;
  public static final int MAP_GROWSDOWN = 0x100;
  public static final int MAP_DENYWRITE = 0x800;
  public static final int MAP_EXECUTABLE = 0x1000;
  public static final int MAP_LOCKED = 0x2000;
  public static final int MAP_NORESERVE = 0x4000;
  public static final int MAP_POPULATE = 0x8000;
  public static final int MAP_NONBLOCK = 0x10000;
  public static final int MAP_STACK = 0x20000;
  public static final int MAP_HUGETLB = 0x40000;
  public static final int MAP_SYNC = 0x80000;
  public static final int MAP_FIXED_NOREPLACE = 0x100000;

  /** LEGACY_MAP_MASK: what MAP_SHARED_VALIDATE accepts from every file. */
  public static final int LEGACY =
      MAP_SHARED
          | MAP_PRIVATE
          | MAP_FIXED
          | MAP_ANONYMOUS
          | MAP_32BIT
          | MAP_GROWSDOWN
          | MAP_DENYWRITE
          | MAP_EXECUTABLE
          | MAP_LOCKED
          | MAP_NORESERVE
          | MAP_POPULATE
          | MAP_NONBLOCK
          | MAP_STACK
          | MAP_HUGETLB;

  private MapFlags() {}

  /** calc_vm_prot_bits. */
  static long vmProt(int prot) {
    // PROT_READ, PROT_WRITE, PROT_EXEC have the values of VM_READ, VM_WRITE, VM_EXEC.
    return prot & VmFlags.VM_ACCESS;
  }

  /**
   * calc_vm_flag_bits.
   *
   * @param stacksAreSmall whether {@link Mmap#STACK_WITHOUT_HUGE_PAGES} holds
   */
  static long vmFlags(int flags, boolean stacksAreSmall) {
    return (flags & MAP_GROWSDOWN) // the same bit as VM_GROWSDOWN
        | (stacksAreSmall && (flags & MAP_STACK) != 0 ? VmFlags.VM_NOHUGEPAGE : 0)
        | ((flags & MAP_LOCKED) != 0 ? VmFlags.VM_LOCKED : 0)
        | ((flags & MAP_SYNC) != 0 ? VmFlags.VM_SYNC : 0);
  }
}
