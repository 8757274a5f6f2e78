package org.pfnlab.core.machine;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.Fork;
import org.pfnlab.core.vma.Mmap;
import org.pfnlab.core.vma.Mprotect;
import org.pfnlab.core.vma.Munmap;

/**
 * The memory-mapping system calls as a process makes them: arguments in bytes and uapi flags,
 * results {@code >= 0} or -errno. A modelled BUG passes through as a {@link
 * org.pfnlab.core.kernel.KernelBug}.
 */
public final class Syscalls {
  private final Machine machine;
  private final Mmap mmap;
  private final Munmap munmap;
  private final Mprotect mprotect;
  private final Fork fork;

  Syscalls(Machine machine, Mmap mmap, Munmap munmap, Mprotect mprotect, Fork fork) {
    this.machine = machine;
    this.mmap = mmap;
    this.munmap = munmap;
    this.mprotect = mprotect;
    this.fork = fork;
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
    return mmap.mmap(process.mm, address, length, prot, flags, file, offset);
  }

  /** munmap(2). */
  public long munmap(Process process, long address, long length) {
    machine.enter(process);
    process.mm.writeLock();
    try {
      return munmap.munmap(process.mm, address, length);
    } finally {
      process.mm.writeUnlock();
    }
  }

  /** mprotect(2). */
  public long mprotect(Process process, long address, long length, int prot) {
    machine.enter(process);
    return mprotect.mprotect(process.mm, address, length, prot);
  }

  /** fork(2): the id of the child, or -errno. */
  public long fork(Process parent) {
    machine.enter(parent);
    Process child = machine.newProcess();
    long failed = fork.dupMmap(child.mm, parent.mm);
    if (failed != 0) {
      child.setExited();
      return failed;
    }
    return child.id;
  }

  /** exit(2): the address space is gone when it returns. */
  public void exit(Process process) {
    machine.enter(process);
    munmap.exit(process.mm);
    process.setExited();
  }
}
