package org.pfnlab.core.machine;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.Brk;
import org.pfnlab.core.vma.Fork;
import org.pfnlab.core.vma.Madvise;
import org.pfnlab.core.vma.Mbind;
import org.pfnlab.core.vma.Mincore;
import org.pfnlab.core.vma.Mlock;
import org.pfnlab.core.vma.Mmap;
import org.pfnlab.core.vma.MovePages;
import org.pfnlab.core.vma.Mprotect;
import org.pfnlab.core.vma.Mremap;
import org.pfnlab.core.vma.Mseal;
import org.pfnlab.core.vma.Msync;
import org.pfnlab.core.vma.Munmap;
import org.pfnlab.core.vma.Userfaultfd;

/**
 * The memory-mapping system calls as a process makes them: arguments in bytes and uapi flags,
 * results {@code >= 0} or -errno. A modelled BUG passes through as a {@link
 * org.pfnlab.core.kernel.KernelBug}.
 */
public final class Syscalls {
  private final Machine machine;
  private final Calls calls;

  /** What the calls do to an address space. */
  record Calls(
      Mmap mmap,
      Munmap munmap,
      Brk brk,
      Mprotect mprotect,
      Fork fork,
      Mremap mremap,
      Madvise madvise,
      Mlock mlock,
      Mseal mseal,
      Msync msync,
      Mincore mincore,
      MovePages movePages,
      Mbind mbind,
      Userfaultfd userfaultfd) {}

  Syscalls(Machine machine, Calls calls) {
    this.machine = machine;
    this.calls = calls;
  }

  /** mmap(2); the offset is in bytes. */
  public long mmap(
      Process process,
      long address,
      long length,
      int prot,
      int flags,
      @Nullable OpenFile file,
      long offset) {
    machine.enter(process);
    return calls.mmap().mmap(process.mm, address, length, prot, flags, file, offset);
  }

  /** Where mmap(2) with these arguments would map now, or -errno; nothing is changed. */
  public long place(
      Process process, long address, long length, int flags, @Nullable OpenFile file, long offset) {
    return calls.mmap().place(process.mm, address, length, flags, file, offset);
  }

  /** brk(2): the new end of the heap, or the old one if it cannot be had. */
  public long brk(Process process, long wanted) {
    machine.enter(process);
    return calls.brk().brk(process.mm, wanted);
  }

  /** munmap(2). */
  public long munmap(Process process, long address, long length) {
    machine.enter(process);
    process.mm.writeLock();
    try {
      return calls.munmap().munmap(process.mm, address, length);
    } finally {
      process.mm.writeUnlock();
    }
  }

  /** mprotect(2). */
  public long mprotect(Process process, long address, long length, int prot) {
    machine.enter(process);
    return calls.mprotect().mprotect(process.mm, address, length, prot);
  }

  /** mremap(2); flags are {@link Mremap}'s MREMAP_* bits. */
  public long mremap(
      Process process, long address, long oldLength, long newLength, int flags, long newAddress) {
    machine.enter(process);
    return calls.mremap().mremap(process.mm, address, oldLength, newLength, flags, newAddress);
  }

  /** madvise(2); the advice is one of {@link org.pfnlab.core.vma.Advice}. */
  public long madvise(Process process, long address, long length, int advice) {
    machine.enter(process);
    return calls.madvise().madvise(process.mm, address, length, advice);
  }

  /** mlock(2). */
  public long mlock(Process process, long address, long length) {
    machine.enter(process);
    return calls.mlock().mlock(process.mm, address, length);
  }

  /** mlock2(2); flags are 0 or {@link Mlock#MLOCK_ONFAULT}. */
  public long mlock2(Process process, long address, long length, int flags) {
    machine.enter(process);
    return calls.mlock().mlock2(process.mm, address, length, flags);
  }

  /** munlock(2). */
  public long munlock(Process process, long address, long length) {
    machine.enter(process);
    return calls.mlock().munlock(process.mm, address, length);
  }

  /** mlockall(2); flags are {@link Mlock}'s MCL_* bits. */
  public long mlockall(Process process, int flags) {
    machine.enter(process);
    return calls.mlock().mlockall(process.mm, flags);
  }

  /** munlockall(2). */
  public long munlockall(Process process) {
    machine.enter(process);
    return calls.mlock().munlockall(process.mm);
  }

  /** mseal(2); flags must be 0. */
  public long mseal(Process process, long address, long length, long flags) {
    machine.enter(process);
    return calls.mseal().mseal(process.mm, address, length, flags);
  }

  /** msync(2); flags are {@link Msync}'s MS_* bits. */
  public long msync(Process process, long address, long length, int flags) {
    machine.enter(process);
    return calls.msync().msync(process.mm, address, length, flags);
  }

  /** mincore(2): one byte a page, 1 if it is in core. */
  public long mincore(Process process, long address, long length, byte @Nullable [] vec) {
    machine.enter(process);
    return calls.mincore().mincore(process.mm, address, length, vec);
  }

  /** move_pages(2) on the process itself; without nodes it only asks. */
  public long movePages(
      Process process, long[] addresses, int @Nullable [] nodes, int[] status, int flags) {
    machine.enter(process);
    return calls.movePages().movePages(process.mm, addresses, nodes, status, flags);
  }

  /** mbind(2); nodes is a bit mask. */
  public long mbind(Process process, long address, long length, int mode, long nodes, int flags) {
    machine.enter(process);
    return calls.mbind().mbind(process.mm, address, length, mode, nodes, flags);
  }

  /** UFFDIO_REGISTER on a fresh userfaultfd: only whether it would be allowed. */
  public long userfaultfdRegister(
      Process process, long address, long length, int mode, boolean wpAsync) {
    machine.enter(process);
    return calls.userfaultfd().register(process.mm, address, length, mode, wpAsync);
  }

  /** fork(2): the id of the child, or -errno. */
  public long fork(Process parent) {
    machine.enter(parent);
    Process child = machine.newProcess();
    long failed = calls.fork().dupMmap(child.mm, parent.mm);
    if (failed != 0) {
      child.setExited();
      return failed;
    }
    return child.id;
  }

  /** exit(2): the address space is gone when it returns. */
  public void exit(Process process) {
    machine.enter(process);
    calls.munmap().exit(process.mm);
    process.setExited();
  }
}
