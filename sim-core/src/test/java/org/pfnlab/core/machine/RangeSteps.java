package org.pfnlab.core.machine;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.Mremap;

/**
 * The steps of a random program that move, resize, advise or lock a range. Where the answer depends
 * on how pages are grouped into VMAs, which a naive memory does not know, the machine is asked for
 * its VMAs first.
 */
final class RangeSteps {
  private static final int TO_FIXED = Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED;

  private RangeSteps() {}

  /** What differs, or null. */
  static @Nullable String run(Machine machine, NaiveMemory naive, Process process, Step step) {
    Syscalls calls = machine.syscalls();
    if (step instanceof Step.Move move) {
      long expected = move(machine, naive, process, move);
      return RandomProgramTest.compare(
          expected,
          calls.mremap(
              process,
              RandomProgramTest.address(move.page()),
              RandomProgramTest.bytes(move.pages()),
              RandomProgramTest.bytes(move.pages()),
              TO_FIXED,
              RandomProgramTest.address(move.to())));
    } else if (step instanceof Step.Resize resize) {
      long expected = resize(machine, naive, process, resize);
      return RandomProgramTest.compare(
          expected,
          calls.mremap(
              process,
              RandomProgramTest.address(resize.page()),
              RandomProgramTest.bytes(resize.pages()),
              RandomProgramTest.bytes(resize.newPages()),
              0,
              0));
    } else if (step instanceof Step.Advise advise) {
      return RandomProgramTest.compare(
          naive.advise(advise.process(), advise.page(), advise.pages(), advise.advice()),
          calls.madvise(
              process,
              RandomProgramTest.address(advise.page()),
              RandomProgramTest.bytes(advise.pages()),
              advise.advice()));
    } else if (step instanceof Step.Lock lock) {
      long expected = naive.lock(lock.process(), lock.page(), lock.pages(), lock.on());
      long address = RandomProgramTest.address(lock.page());
      long length = RandomProgramTest.bytes(lock.pages());
      return RandomProgramTest.compare(
          expected,
          lock.on()
              ? calls.mlock(process, address, length)
              : calls.munlock(process, address, length));
    }
    throw new IllegalArgumentException("no such step: " + step);
  }

  private static long move(Machine machine, NaiveMemory naive, Process process, Step.Move move) {
    Kernel kernel = machine.kernel();
    boolean hole = !naive.isMapped(move.process(), move.page());
    boolean checksFirst = kernel.has(Mremap.MREMAP_CHECKS_FIRST);
    boolean looksFirst = kernel.has(Mremap.MREMAP_LOOKS_UP_FIRST) && !checksFirst;
    if (Math.abs(move.to() - move.page()) < move.pages()) {
      return looksFirst && hole ? -Errno.EFAULT : -Errno.EINVAL;
    }
    if (hole && (looksFirst || checksFirst)) {
      return -Errno.EFAULT;
    }
    boolean one = hole || endOfVma(process, move.page()) < move.page() + move.pages();
    if (one && !kernel.has(Mremap.MREMAP_MOVES_SEVERAL)) {
      naive.unmap(move.process(), move.to(), move.pages());
      return -Errno.EFAULT;
    }
    naive.move(move.process(), move.page(), move.pages(), move.to());
    return RandomProgramTest.address(move.to());
  }

  private static long resize(
      Machine machine, NaiveMemory naive, Process process, Step.Resize resize) {
    int page = resize.page();
    int pages = resize.pages();
    int newPages = resize.newPages();
    boolean mapped = naive.isMapped(resize.process(), page);
    if (newPages <= pages) {
      if (!mapped && machine.kernel().has(Mremap.MREMAP_LOOKS_UP_FIRST)) {
        return -Errno.EFAULT;
      }
      naive.unmap(resize.process(), page + newPages, pages - newPages);
      return RandomProgramTest.address(page);
    }
    long end = mapped ? endOfVma(process, page) : 0;
    if (end < page + pages) {
      return -Errno.EFAULT;
    }
    if (end != page + pages || !naive.isFree(resize.process(), page + pages, newPages - pages)) {
      return -Errno.ENOMEM;
    }
    naive.grow(resize.process(), page + pages - 1, newPages - pages);
    return RandomProgramTest.address(page);
  }

  /** The page behind the VMA that this page lies in. */
  private static long endOfVma(Process process, int page) {
    Vma vma = process.mm.vmas.lookup(RandomProgramTest.address(page));
    return vma == null ? 0 : (vma.end - RandomProgramTest.address(0)) >>> 12;
  }
}
