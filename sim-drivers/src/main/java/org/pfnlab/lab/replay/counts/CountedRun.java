package org.pfnlab.lab.replay.counts;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Pipe;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.core.vma.Mremap;
import org.pfnlab.drivers.kind.ObjectUnderTest;

/**
 * The process whose calls are counted: what it maps, and the buffer of its own that calls copy
 * into. Each method is one thing that it does between two looks at the counters; the result is what
 * the recording program notes as {@code ret}.
 */
final class CountedRun {
  private static final long BASE = 0x1000_0000_0000L;
  private static final long BASE2 = 0x1100_0000_0000L;
  private static final int READ_WRITE = MapFlags.PROT_READ | MapFlags.PROT_WRITE;
  private static final int PRIVATE_ANONYMOUS = MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS;

  /** As many bytes as fault-around maps. */
  private static final int CODE = 16 << 12;

  final Machine machine;

  private final Process process;
  private final @Nullable ObjectUnderTest object;
  private final boolean shared;
  private final int pages;
  private final byte[] file;
  private final byte[] copy;
  private final long buffer;
  private final long code;
  private final long ownPage;

  private @Nullable Process child;
  private long address = BASE;

  /**
   * Makes the process and its buffer, and writes every page of the object through another mapping.
   *
   * @param object what is mapped; null for anonymous memory
   */
  CountedRun(Machine machine, @Nullable ObjectUnderTest object, boolean shared, int pages) {
    this.machine = machine;
    this.object = object;
    this.shared = shared;
    this.pages = pages;
    this.file = new byte[pages << 12];
    this.copy = new byte[pages << 12];
    process = machine.newProcess();
    if (object != null) {
      long view = map(0, MapFlags.MAP_SHARED);
      if (!Errno.isError(view)) {
        touch(view, true);
        unmap(view);
      }
    }
    buffer = machine.syscalls().mmap(process, 0, length(), READ_WRITE, PRIVATE_ANONYMOUS, null, 0);
    touch(buffer, true);
    code = mapCode();
    ownPage = machine.syscalls().mmap(process, 0, 4096, READ_WRITE, PRIVATE_ANONYMOUS, null, 0);
    storeOwnPage();
  }

  /** Its stack, libc and bss are stored to again after each fork, before anything is counted. */
  long storeOwnPage() {
    return machine.userAccess().storeWord(mm(), ownPage, 1);
  }

  /** A block of the program's own code that is cached and that nobody has executed yet. */
  private long mapCode() {
    OpenFile program = machine.files().memfd("program", 0);
    machine.files().pwrite(program, new byte[CODE], CODE, 0);
    int protection = MapFlags.PROT_READ | MapFlags.PROT_EXEC;
    return machine.syscalls().mmap(process, 0, CODE, protection, MapFlags.MAP_PRIVATE, program, 0);
  }

  /** Executes that block, as the program's call of vmsplice may be the first to do. */
  void callColdCode() {
    machine.userAccess().exec(mm(), code);
  }

  private Mm mm() {
    return process.mm;
  }

  private long length() {
    return (long) pages << 12;
  }

  private long map(long at, int flags) {
    OpenFile mapped = object == null ? null : object.file();
    long offset = object == null ? 0 : object.offset();
    int anonymous = object == null ? MapFlags.MAP_ANONYMOUS : 0;
    return machine
        .syscalls()
        .mmap(process, at, length(), READ_WRITE, flags | anonymous, mapped, offset);
  }

  private long unmap(long at) {
    return machine.syscalls().munmap(process, at, length());
  }

  private long touch(long at, boolean store) {
    long touched = 0;
    for (long page = 0; page < pages; page++) {
      long where = at + (page << 12);
      Outcome outcome =
          store
              ? Outcome.ofAccess(machine.userAccess().storeWord(mm(), where, 0x88 + page))
              : machine.userAccess().loadWord(mm(), where);
      touched += outcome instanceof Outcome.Value ? 1 : 0;
    }
    return touched;
  }

  long nothing() {
    return 0;
  }

  long mmap() {
    return map(0);
  }

  long mmapPopulate() {
    return map(MapFlags.MAP_POPULATE);
  }

  private long map(int furtherFlags) {
    int type = shared ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE;
    address = map(BASE, type | MapFlags.MAP_FIXED_NOREPLACE | furtherFlags);
    return Errno.isError(address) ? address : 0;
  }

  long munmap() {
    return unmap(address);
  }

  long load() {
    return touch(address, false);
  }

  long store() {
    return touch(address, true);
  }

  /** The pages go into a pipe that is large enough, and out of it uncounted. */
  long vmsplice() {
    Pipe pipe = machine.pipes().create(Math.max(pages, Pipe.DEFAULT_BUFFERS));
    return machine.pipes().vmsplice(mm(), address, length(), pipe);
  }

  long closePipes() {
    for (Pipe pipe : ImmutableList.copyOf(machine.pipes().open())) {
      machine.pipes().close(pipe);
    }
    return 0;
  }

  long getFast() {
    return fast(GupFlags.FOLL_GET);
  }

  long pinFastForWriting() {
    return fast(GupFlags.FOLL_PIN | GupFlags.FOLL_WRITE);
  }

  /**
   * All pages in one call of the kernel's own test module, which lets them go again and does not
   * tell why it got none.
   */
  private long fast(int flags) {
    long[] got = new long[pages];
    long result = machine.gupFast().get(mm(), address, pages, flags, got);
    if (result > 0) {
      machine.pins().release(got, (int) result, flags, false);
    }
    return Math.max(result, 0);
  }

  /** Reads the mapping into the process's own buffer. */
  long processVmRead() {
    long got = machine.processVm().read(mm(), address, copy, copy.length);
    if (got > 0) {
      machine.userAccess().copyToUser(mm(), buffer, copy, 0, (int) got);
    }
    return got;
  }

  long directWrite() {
    return machine.directIo().write(mm(), address, file, file.length);
  }

  long fork() {
    long forked = machine.syscalls().fork(process);
    if (Errno.isError(forked)) {
      return forked;
    }
    child = machine.processes().get((int) forked);
    return 0;
  }

  long childExits() {
    Process forked = child;
    if (forked != null) {
      machine.syscalls().exit(forked);
      child = null;
    }
    return 0;
  }

  long protectReadOnly() {
    return machine.syscalls().mprotect(process, address, length(), MapFlags.PROT_READ);
  }

  long protectReadWrite() {
    return machine.syscalls().mprotect(process, address, length(), READ_WRITE);
  }

  long dontNeed() {
    return machine.syscalls().madvise(process, address, length(), Advice.MADV_DONTNEED);
  }

  long move() {
    int flags = Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED;
    long moved = machine.syscalls().mremap(process, address, length(), length(), flags, BASE2);
    if (Errno.isError(moved)) {
      return moved;
    }
    address = moved;
    return 0;
  }

  long revoke() {
    ObjectUnderTest revoked = object;
    return revoked == null ? -Errno.ENOTTY : revoked.revoke(true);
  }
}
