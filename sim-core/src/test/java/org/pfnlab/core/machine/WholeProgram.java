package org.pfnlab.core.machine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.file.Shmem;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.task.Pipe;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.task.RegisteredBuffers;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.core.vma.Mlock;
import org.pfnlab.core.vma.Mremap;

/** A program of steps over the whole set of operations, on its way on a machine. */
final class WholeProgram {
  private static final long BASE = 0x1000_0000_0000L;
  private static final int WINDOW = 40;
  private static final int MOST_PROCESSES = 5;
  private static final int FILE_PAGES = 12;
  private static final int READ_WRITE = MapFlags.PROT_READ | MapFlags.PROT_WRITE;

  private static final int[] ADVICE = {
    Advice.MADV_NORMAL,
    Advice.MADV_RANDOM,
    Advice.MADV_SEQUENTIAL,
    Advice.MADV_WILLNEED,
    Advice.MADV_DONTNEED,
    Advice.MADV_FREE,
    Advice.MADV_REMOVE,
    Advice.MADV_DONTFORK,
    Advice.MADV_DOFORK,
    Advice.MADV_DONTDUMP,
    Advice.MADV_DODUMP,
    Advice.MADV_WIPEONFORK,
    Advice.MADV_KEEPONFORK,
    Advice.MADV_COLD,
    Advice.MADV_PAGEOUT,
    Advice.MADV_POPULATE_READ,
    Advice.MADV_POPULATE_WRITE,
    Advice.MADV_DONTNEED_LOCKED,
    Advice.MADV_MERGEABLE,
    Advice.MADV_UNMERGEABLE,
    Advice.MADV_NOHUGEPAGE,
    Advice.MADV_GUARD_INSTALL,
    Advice.MADV_GUARD_REMOVE
  };

  /** What can be done. */
  enum Op {
    MAP_ANONYMOUS,
    MAP_FILE,
    UNMAP,
    PROTECT,
    LOAD,
    STORE,
    FORK,
    EXIT,
    REMAP,
    ADVISE,
    LOCK,
    UNLOCK,
    LOCK_ALL,
    UNLOCK_ALL,
    SEAL_MEMORY,
    SYNC,
    READ_FILE,
    WRITE_FILE,
    TRUNCATE,
    PUNCH,
    SEAL_FILE,
    READ_PROCESS,
    WRITE_PROCESS,
    READ_MEM,
    WRITE_MEM,
    VMSPLICE,
    READ_PIPE,
    DIRECT_WRITE,
    DIRECT_READ,
    REGISTER,
    WRITE_REGISTERED,
    UNREGISTER,
    WAIT,
    WAKE
  }

  /** One step; what the numbers mean is the operation's business. */
  record Step(Op op, int process, int page, int pages, int a, int b) {}

  private final Machine machine;
  private final List<Process> processes = new ArrayList<>();
  private final List<OpenFile> files = new ArrayList<>();
  private final Pipe pipe;
  private final RegisteredBuffers.Ring ring;
  private final LongConsumer afterLoad;
  private long registered;

  /**
   * A program that has not begun.
   *
   * @param afterLoad is told the page that was loaded from before it is compared with its file
   */
  WholeProgram(Machine machine, LongConsumer afterLoad) {
    this.machine = machine;
    this.afterLoad = afterLoad;
    processes.add(machine.newProcess());
    long bytes = (long) FILE_PAGES << 12;
    files.add(machine.files().memfd("memfd", bytes));
    files.add(machine.files().regular("file", bytes));
    files.add(machine.files().secret("secret", bytes));
    files.add(machine.files().bpfArray("bpf", FILE_PAGES));
    files.add(machine.files().devZero("zero"));
    pipe = machine.pipes().create(32);
    ring = machine.registeredBuffers().setup();
  }

  /** The same program for the same seed. */
  static List<Step> random(SplittableRandom random, int length) {
    List<Step> steps = new ArrayList<>();
    Op[] ops = Op.values();
    for (int i = 0; i < length; i++) {
      Op op = random.nextInt(3) == 0 ? common(random) : ops[random.nextInt(ops.length)];
      steps.add(
          new Step(
              op,
              random.nextInt(MOST_PROCESSES),
              random.nextInt(WINDOW),
              1 + random.nextInt(10),
              random.nextInt(1 << 16),
              random.nextInt(1 << 16)));
    }
    return steps;
  }

  private static Op common(SplittableRandom random) {
    return switch (random.nextInt(5)) {
      case 0 -> Op.MAP_ANONYMOUS;
      case 1 -> Op.MAP_FILE;
      case 2 -> Op.LOAD;
      default -> Op.STORE;
    };
  }

  /**
   * Does a step; of a process that has exited, nothing.
   *
   * @return its answer, or -1 if there is nobody to do it
   * @throws IllegalStateException if a shared mapping does not read what its file holds
   */
  long run(Step step) {
    Process process = processes.get(step.process % processes.size());
    if (process.hasExited() || machine.futexes().isBlocked(process)) {
      return -1;
    }
    Syscalls calls = machine.syscalls();
    long at = address(step.page);
    long length = (long) step.pages << 12;
    byte[] bytes = new byte[step.pages << 12];
    OpenFile file = files.get(step.a % files.size());
    long place = (long) (step.b % FILE_PAGES) << 12;
    return switch (step.op) {
      case MAP_ANONYMOUS -> mapAnonymous(process, step);
      case MAP_FILE ->
          calls.mmap(process, at, length, prot(step.b), type(step.b) | fixed(step.b), file, place);
      case UNMAP -> calls.munmap(process, at, length);
      case PROTECT -> calls.mprotect(process, at, length, prot(step.a));
      case LOAD -> load(process, at);
      case STORE -> machine.userAccess().storeWord(process.mm, at, step.a + 1L);
      case FORK -> fork(process);
      case EXIT -> exit(process, step);
      case REMAP -> remap(process, step);
      case ADVISE -> calls.madvise(process, at, length, ADVICE[step.a % ADVICE.length]);
      case LOCK ->
          step.a % 2 == 0
              ? calls.mlock(process, at, length)
              : calls.mlock2(process, at, length, Mlock.MLOCK_ONFAULT);
      case UNLOCK -> calls.munlock(process, at, length);
      case LOCK_ALL -> calls.mlockall(process, 1 + step.a % 7);
      case UNLOCK_ALL -> calls.munlockall(process);
      case SEAL_MEMORY -> step.a % 8 == 0 ? calls.mseal(process, at, length, 0) : 0;
      case SYNC -> calls.msync(process, at, length, 1 + step.a % 6);
      case READ_FILE -> machine.files().pread(file, bytes, bytes.length, place);
      case WRITE_FILE -> machine.files().pwrite(file, filled(bytes, step), bytes.length, place);
      case TRUNCATE -> machine.files().truncate(file, place + step.a % 4096);
      case PUNCH -> machine.files().punchHole(file, place, length);
      case SEAL_FILE ->
          step.a % 4 == 0
              ? machine.files().addSeals(files.get(0), Shmem.F_SEAL_SHRINK << step.b % 4)
              : 0;
      case READ_PROCESS -> machine.processVm().read(process.mm, at, bytes, bytes.length);
      case WRITE_PROCESS ->
          machine.processVm().write(process.mm, at, filled(bytes, step), bytes.length);
      case READ_MEM -> machine.procMem().read(process.mm, at, bytes, bytes.length);
      case WRITE_MEM -> machine.procMem().write(process.mm, at, filled(bytes, step), bytes.length);
      case VMSPLICE -> machine.pipes().vmsplice(process.mm, at, length, pipe);
      case READ_PIPE -> machine.pipes().read(pipe, bytes, bytes.length);
      case DIRECT_WRITE -> machine.directIo().write(process.mm, at, bytes, bytes.length);
      case DIRECT_READ ->
          machine.directIo().read(process.mm, at, filled(bytes, step), bytes.length);
      case REGISTER -> register(process, at, length);
      case WRITE_REGISTERED -> machine.registeredBuffers().write(ring, registered, bytes, 4096);
      case UNREGISTER -> machine.registeredBuffers().unregister(ring);
      case WAIT -> machine.futexes().wait(process, at, step.a % 2, step.b % 2 == 0);
      case WAKE -> machine.futexes().wake(process, at, 1, step.b % 2 == 0);
    };
  }

  private long mapAnonymous(Process process, Step step) {
    int furtherFlags =
        switch (step.a % 8) {
          case 0 -> MapFlags.MAP_POPULATE;
          case 1 -> MapFlags.MAP_LOCKED;
          case 2 -> MapFlags.MAP_NORESERVE;
          case 3 -> MapFlags.MAP_GROWSDOWN;
          default -> 0;
        };
    int flags = type(step.b) | fixed(step.b) | furtherFlags | MapFlags.MAP_ANONYMOUS;
    long length = (long) step.pages << 12;
    return machine
        .syscalls()
        .mmap(process, address(step.page), length, prot(step.b), flags, null, 0);
  }

  private long register(Process process, long at, long length) {
    long result = machine.registeredBuffers().register(process.mm, ring, at, length);
    if (result == 0) {
      registered = at;
    }
    return result;
  }

  private long fork(Process process) {
    if (processes.size() >= MOST_PROCESSES) {
      return -1;
    }
    long child = machine.syscalls().fork(process);
    if (!Errno.isError(child)) {
      processes.add(machine.processes().get((int) child));
    }
    return child;
  }

  private long exit(Process process, Step step) {
    if (step.a % 4 != 0) {
      return -1;
    }
    machine.syscalls().exit(process);
    return 0;
  }

  private long remap(Process process, Step step) {
    int flags =
        switch (step.a % 5) {
          case 0 -> 0;
          case 1 -> Mremap.MREMAP_MAYMOVE;
          case 2 -> Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED | Mremap.MREMAP_DONTUNMAP;
          default -> Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED;
        };
    long oldLength = step.b % 9 == 0 ? 0 : (long) step.pages << 12;
    boolean resizes = step.a % 5 != 2 && step.b % 3 == 0;
    long newLength = resizes ? 4096L * (1 + step.b % 12) : (long) step.pages << 12;
    long to = address((step.a >>> 4) % WINDOW);
    return machine.syscalls().mremap(process, address(step.page), oldLength, newLength, flags, to);
  }

  /** A load; what a shared mapping of a file reads is what read(2) would find there. */
  private long load(Process process, long at) {
    long code = machine.userAccess().load(process.mm, at);
    Vma vma = process.mm.vmas.lookup(at);
    OpenFile file = vma == null ? null : vma.file;
    if (code >= 0 && vma != null && file != null && isReadable(file)) {
      afterLoad.accept(machine.pagemap().pfn(process.mm, at));
      boolean sharedView = (vma.flags & VmFlags.VM_MAYSHARE) != 0;
      long held = heldBy(file, vma.pgoffOf(at) << 12);
      if (sharedView && held >= 0 && held != code) {
        throw new IllegalStateException(
            "the mapping reads %d, the file holds %d".formatted(code, held));
      }
    }
    return code;
  }

  private boolean isReadable(@Nullable OpenFile file) {
    return file == files.get(0) || file == files.get(1);
  }

  private long heldBy(OpenFile file, long position) {
    byte[] one = new byte[1];
    return machine.files().pread(file, one, 1, position) == 1 ? one[0] & 0xff : -1;
  }

  private static byte[] filled(byte[] bytes, Step step) {
    Arrays.fill(bytes, (byte) (step.a | 1));
    return bytes;
  }

  private static int prot(int number) {
    return switch (number % 7) {
      case 0 -> 0;
      case 1, 2 -> MapFlags.PROT_READ;
      default -> READ_WRITE;
    };
  }

  private static int type(int number) {
    return number / 7 % 2 == 0 ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE;
  }

  private static int fixed(int number) {
    return number / 14 % 6 == 0 ? MapFlags.MAP_FIXED_NOREPLACE : MapFlags.MAP_FIXED;
  }

  private static long address(int page) {
    return BASE + ((long) page << 12);
  }
}
