package org.pfnlab.core.mm;

import org.jspecify.annotations.Nullable;

/**
 * vm_fault: one fault on its way, with the codes it can end with (VM_FAULT_*) and the flags it came
 * with (FAULT_FLAG_*). One instance is reused by the fault path, so operations must not keep it.
 */
public final class VmFault {
  public static final int OOM = 0x1;
  public static final int SIGBUS = 0x2;
  public static final int MAJOR = 0x4;

  /** VM_FAULT_WRITE: COW was broken (before v6.3, for get_user_pages). */
  public static final int WROTE = 0x8;

  public static final int HWPOISON = 0x10;
  public static final int SIGSEGV = 0x40;
  public static final int NOPAGE = 0x100;
  public static final int LOCKED = 0x200;
  public static final int RETRY = 0x400;
  public static final int FALLBACK = 0x800;
  public static final int DONE_COW = 0x1000;
  public static final int COMPLETED = 0x4000;

  /** VM_FAULT_ERROR: any of these ends the access. */
  public static final int ERROR = OOM | SIGBUS | HWPOISON | SIGSEGV | FALLBACK;

  public static final int FLAG_WRITE = 0x1;
  public static final int FLAG_MKWRITE = 0x2;
  public static final int FLAG_ALLOW_RETRY = 0x4;
  public static final int FLAG_RETRY_NOWAIT = 0x8;
  public static final int FLAG_KILLABLE = 0x10;
  public static final int FLAG_TRIED = 0x20;
  public static final int FLAG_USER = 0x40;
  public static final int FLAG_REMOTE = 0x80;
  public static final int FLAG_INSTRUCTION = 0x100;
  public static final int FLAG_UNSHARE = 0x400;
  public static final int FLAG_VMA_LOCK = 0x1000;

  private @Nullable Vma vma;

  /** The faulting address, rounded down to its page. */
  public long address;

  /** The object's page at that address. */
  public long pgoff;

  /** FAULT_FLAG_* bits. */
  public int flags;

  /** The page that an operation hands back, as a page frame number; -1 for none. */
  public long page = -1;

  /** Starts a fault. */
  public VmFault begin(Vma vma, long address, int flags) {
    this.vma = vma;
    this.address = address & ~0xfffL;
    this.pgoff = vma.pgoffOf(this.address);
    this.flags = flags;
    this.page = -1;
    return this;
  }

  /** The VMA. */
  public Vma vma() {
    Vma current = vma;
    if (current == null) {
      throw new IllegalStateException("no fault is on its way; call begin first");
    }
    return current;
  }

  /** Whether it is a write. */
  public boolean isWrite() {
    return (flags & FLAG_WRITE) != 0;
  }
}
