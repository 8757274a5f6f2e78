package org.pfnlab.core.mm;

import org.jspecify.annotations.Nullable;

/**
 * vm_operations_struct. A subclass overrides an operation and the {@code has...} question beside
 * it, because Linux decides by whether the pointer is set.
 */
public abstract class VmOps {
  /** vma_dummy_vm_ops: a file mapping whose driver installed none. */
  public static final VmOps DUMMY = new VmOps() {};

  /** name: what /proc/pid/maps calls a VMA of no file, {@code [vdso]}; null for nothing. */
  public @Nullable String name(Vma vma) {
    return null;
  }

  /** open: a VMA was copied by fork, split or mremap; not called for the first mmap. */
  public void open(Vma vma) {}

  /** Whether close is set; before v6.12 that forbids every merge. */
  public boolean hasClose() {
    return false;
  }

  /** close: a VMA is removed. */
  public void close(Vma vma) {}

  /** may_split: 0, or -errno to refuse. */
  public long maySplit(Vma vma, long address) {
    return 0;
  }

  /** mremap: the page tables have moved to this VMA; -errno moves them back. */
  public long mremap(Vma vma) {
    return 0;
  }

  /** mprotect (v5.11): asked per VMA before the change; -errno refuses. */
  public long mprotect(Vma vma, long start, long end, long newFlags) {
    return 0;
  }

  /** Whether fault is set; a hole without one is SIGBUS. */
  public boolean hasFault() {
    return false;
  }

  /** fault: fill the hole; returns {@link VmFault} code bits, 0 with {@link VmFault#page} set. */
  public int fault(VmFault fault) {
    return VmFault.SIGBUS;
  }

  /** Whether huge_fault is set. */
  public boolean hasHugeFault() {
    return false;
  }

  /** huge_fault: fill a whole leaf of this level (2 or 3), or {@link VmFault#FALLBACK}. */
  public int hugeFault(VmFault fault, int level) {
    return VmFault.FALLBACK;
  }

  /** Whether map_pages is set: read faults then map cached neighbours too. */
  public boolean hasMapPages() {
    return false;
  }

  /** map_pages: map what is already cached in pages [first, last] of the object. */
  public int mapPages(VmFault fault, long first, long last) {
    return 0;
  }

  /** Whether page_mkwrite is set. */
  public boolean hasPageMkwrite() {
    return false;
  }

  /** page_mkwrite: a shared page is about to become writable. */
  public int pageMkwrite(VmFault fault) {
    return 0;
  }

  /** Whether pfn_mkwrite is set. */
  public boolean hasPfnMkwrite() {
    return false;
  }

  /** pfn_mkwrite: a raw page frame is about to become writable. */
  public int pfnMkwrite(VmFault fault) {
    return 0;
  }

  /**
   * vma_is_secretmem (v5.14): the pages are out of the kernel's direct map, so get_user_pages
   * refuses them.
   */
  public boolean isSecretmem() {
    return false;
  }

  /** Whether access is set: ptrace and /proc/pid/mem use it where get_user_pages is refused. */
  public boolean hasAccess() {
    return false;
  }

  /**
   * access: copies bytes between the buffer and the object behind this address.
   *
   * @return bytes copied, or -errno
   */
  public int access(Vma vma, long address, byte[] buffer, int offset, int length, boolean write) {
    return 0;
  }
}
