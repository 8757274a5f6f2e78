package org.pfnlab.lab.replay.strace;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.Syscalls;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.mm.VmaTree;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.core.vma.Mremap;
import org.pfnlab.lab.strace.Arguments;
import org.pfnlab.lab.strace.Call;
import org.pfnlab.lab.strace.Result;
import org.pfnlab.lab.strace.Symbols;
import org.pfnlab.lab.verdict.NotModelled;

/** The memory calls of a trace, made on the model. */
final class MemoryCalls {
  private static final int FIXED = MapFlags.MAP_FIXED | MapFlags.MAP_FIXED_NOREPLACE;

  /** Where a call costs something for every page. */
  private static final long MOST_PAGES = 1 << 22;

  private final String trace;
  private final Machine machine;
  private final Syscalls syscalls;
  private final TracedFiles files;

  MemoryCalls(String trace, Machine machine, TracedFiles files) {
    this.trace = trace;
    this.machine = machine;
    this.syscalls = machine.syscalls();
    this.files = files;
  }

  /**
   * The arguments of mmap.
   *
   * @param file null for anonymous memory
   */
  private record Mapping(
      long address, long length, int prot, int flags, @Nullable OpenFile file, long offset) {
    boolean isFixed() {
      return (flags & FIXED) != 0;
    }
  }

  private Mapping mapping(Call call, Space space) {
    Arguments args = Arguments.of(trace, call);
    int flags = args.flags(3, Symbols.MAP);
    if ((flags & MapFlags.MAP_HUGETLB) != 0) {
      throw new NotModelled("mmap of huge pages");
    }
    boolean anonymous = (flags & MapFlags.MAP_ANONYMOUS) != 0;
    Arguments.Fd fd = anonymous ? new Arguments.Fd(-1, null, false) : args.fd(4);
    return new Mapping(
        args.word(0),
        args.word(1),
        args.flags(2, Symbols.PROT),
        flags,
        fd.number() < 0 ? null : files.open(fd, space),
        args.word(5));
  }

  /** Where the kernel would choose to map now, if this call leaves that to it; else -1. */
  long place(Call call, Space space) {
    if (!call.name.equals("mmap")) {
      return -1;
    }
    Mapping m = mapping(call, space);
    return m.isFixed() || (m.file == null && (m.flags & MapFlags.MAP_ANONYMOUS) == 0)
        ? -1
        : syscalls.place(space.process, m.address, m.length, m.flags, m.file, m.offset);
  }

  /**
   * Makes a call. Where a call that succeeded would be placed elsewhere by the model, the answer is
   * that place, and the mapping is made where the recorded kernel made it, so that the rest can be
   * judged.
   *
   * @param space the address space, or a copy to try a call on
   * @param recorded what the real kernel answered
   * @return the model's answer
   * @throws NotModelled if the model cannot be asked
   */
  long make(Call call, Space space, Result recorded) {
    Process process = space.process;
    Arguments args = Arguments.of(trace, call);
    return switch (call.name) {
      case "mmap" -> mmap(mapping(call, space), process, recorded);
      case "munmap" -> syscalls.munmap(process, args.word(0), args.word(1));
      case "brk" -> syscalls.brk(process, args.word(0));
      case "mprotect" ->
          syscalls.mprotect(process, args.word(0), args.word(1), args.flags(2, Symbols.PROT));
      case "pkey_mprotect" -> pkeyMprotect(args, process);
      case "mremap" -> mremap(args, process, recorded);
      case "madvise" -> madvise(args, process);
      case "mlock" -> syscalls.mlock(process, args.word(0), args.word(1));
      case "mlock2" ->
          syscalls.mlock2(process, args.word(0), args.word(1), args.flags(2, Symbols.MLOCK));
      case "munlock" -> syscalls.munlock(process, args.word(0), args.word(1));
      case "mlockall" -> syscalls.mlockall(process, args.flags(0, Symbols.MCL));
      case "munlockall" -> syscalls.munlockall(process);
      case "msync" ->
          syscalls.msync(process, args.word(0), args.word(1), args.flags(2, Symbols.MS));
      case "mincore" -> mincore(args, process);
      case "mseal" -> syscalls.mseal(process, args.word(0), args.word(1), args.word(2));
      case "shmat" -> shmat(args, space, recorded);
      case "shmdt" -> shmdt(args, process);
      default -> throw new NotModelled(call.name);
    };
  }

  private long mmap(Mapping m, Process process, Result recorded) {
    if (!recorded.failed() && !m.isFixed()) {
      long place = syscalls.place(process, m.address, m.length, m.flags, m.file, m.offset);
      if (place != recorded.value()) {
        int flags = m.flags | MapFlags.MAP_FIXED;
        syscalls.mmap(process, recorded.value(), m.length, m.prot, flags, m.file, m.offset);
        return place;
      }
    }
    if (!recorded.failed() && m.isFixed() && isLow(m.address)) {
      // A capability of the recorded process shows in what it was permitted.
      process.mm.mapsLow = true;
    }
    return syscalls.mmap(process, m.address, m.length, m.prot, m.flags, m.file, m.offset);
  }

  private static boolean isLow(long address) {
    return Long.compareUnsigned(address, Mm.MMAP_MIN_ADDR) < 0;
  }

  /** Keys 0 and -1 are mprotect. */
  private long pkeyMprotect(Arguments args, Process process) {
    if (args.word(3) > 0) {
      throw new NotModelled("pkey_mprotect with a key");
    }
    return syscalls.mprotect(process, args.word(0), args.word(1), args.flags(2, Symbols.PROT));
  }

  private long mremap(Arguments args, Process process, Result recorded) {
    long old = args.word(0);
    long newLength = args.word(2);
    int flags = args.flags(3, Symbols.MREMAP);
    boolean hidden = (flags & Mremap.MREMAP_DONTUNMAP) != 0 && args.count() < 5;
    long target =
        hidden && !recorded.failed() ? recorded.value() : args.count() > 4 ? args.word(4) : 0;
    long got = syscalls.mremap(process, old, args.word(1), newLength, flags, target);
    if (hidden && recorded.failed() && !Errno.name(got).equals(recorded.errno())) {
      throw new NotModelled("mremap to an address that strace does not print");
    }
    if (!recorded.failed() && got >= 0 && got != recorded.value()) {
      int move = Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED;
      syscalls.mremap(process, got, newLength, newLength, move, recorded.value());
    }
    return got;
  }

  private long madvise(Arguments args, Process process) {
    int advice = args.flags(2, Symbols.MADV);
    if (advice == Advice.MADV_COLLAPSE) {
      throw new NotModelled("MADV_COLLAPSE, which depends on what was touched");
    }
    if (advice == Advice.MADV_GUARD_INSTALL && args.word(1) >>> 12 > MOST_PAGES) {
      throw new NotModelled("guard regions of more than 16 GiB");
    }
    return syscalls.madvise(process, args.word(0), args.word(1), advice);
  }

  /** Only whether the range is mapped; what is in core is not in a trace. */
  private long mincore(Arguments args, Process process) {
    long length = args.word(1);
    long pages = (length + 4095) >>> 12;
    if (Long.compareUnsigned(pages, MOST_PAGES) > 0) {
      throw new NotModelled("mincore of more than 16 GiB");
    }
    return syscalls.mincore(process, args.word(0), length, new byte[(int) pages]);
  }

  /**
   * How long a System V segment is stands in another call: it is taken to reach from where it was
   * attached to the next mapping, as a search from the top leaves it.
   */
  private long shmat(Arguments args, Space space, Result recorded) {
    if (recorded.failed()) {
      throw new NotModelled("shmat that failed");
    }
    Process process = space.process;
    Vma next = process.mm.vmas.find(recorded.value());
    long end = next == null ? process.mm.mmapBase : next.start;
    boolean readOnly = args.text(2).contains("SHM_RDONLY");
    int prot = readOnly ? MapFlags.PROT_READ : MapFlags.PROT_READ | MapFlags.PROT_WRITE;
    Arguments.Fd segment = new Arguments.Fd((int) args.word(0), "/SYSV00000000", true);
    long mapped =
        end <= recorded.value()
            ? -Errno.EINVAL
            : syscalls.mmap(
                process,
                recorded.value(),
                end - recorded.value(),
                prot,
                MapFlags.MAP_SHARED | MapFlags.MAP_FIXED,
                files.open(segment, space),
                0);
    if (Errno.isError(mapped)) {
      space.lose("after shmat over a mapping");
    }
    throw new NotModelled("shmat, whose size is not in a trace");
  }

  private long shmdt(Arguments args, Process process) {
    Vma vma = process.mm.vmas.lookup(args.word(0));
    return vma == null || vma.file == null || vma.start != args.word(0)
        ? -Errno.EINVAL
        : syscalls.munmap(process, vma.start, vma.end - vma.start);
  }

  /** Forks without leaving out what MADV_DONTFORK leaves out. */
  private long forkWhole(Process process) {
    VmaTree vmas = process.mm.vmas;
    long[] flags = new long[vmas.size()];
    for (int i = 0; i < flags.length; i++) {
      flags[i] = vmas.get(i).flags;
      vmas.get(i).flags &= ~VmFlags.VM_DONTCOPY;
    }
    long child = syscalls.fork(process);
    for (int i = 0; i < flags.length; i++) {
      vmas.get(i).flags = flags[i];
    }
    return child;
  }

  /** Makes a call on a copy of the address space, which is thrown away. */
  long attempt(Call call, Space space, Result recorded) {
    long child = forkWhole(space.process);
    Space copy = new Space(machine.processes().get((int) child));
    try {
      return make(call, copy, recorded);
    } finally {
      syscalls.exit(copy.process);
    }
  }
}
