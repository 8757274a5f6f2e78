package org.pfnlab.core.machine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.MapFlags;

/**
 * What memory means, without any of the machinery: every process has pages with a protection and a
 * value; private pages are copied at fork, shared ones are the same object for both.
 */
final class NaiveMemory {
  /** What a load or store gives: a value, or one of these. */
  static final int MAPERR = -1;

  static final int ACCERR = -2;

  /** What a load gives behind the end of a shared object. */
  static final int BUS = -3;

  private static final class Cell {
    int value;
  }

  /** One page of a process; the flags are those of its VMA. */
  private record Page(
      int prot, boolean shared, Cell cell, boolean locked, boolean dontFork, boolean wipe) {
    Page withProt(int other) {
      return new Page(other, shared, cell, locked, dontFork, wipe);
    }

    Page withCell(Cell other) {
      return new Page(prot, shared, other, locked, dontFork, wipe);
    }

    Page withLocked(boolean other) {
      return new Page(prot, shared, cell, other, dontFork, wipe);
    }

    Page withFork(boolean never, boolean empty) {
      return new Page(prot, shared, cell, locked, never, empty);
    }
  }

  private final List<@Nullable Map<Integer, Page>> processes = new ArrayList<>();

  NaiveMemory() {
    processes.add(new HashMap<>());
  }

  boolean alive(int process) {
    return process < processes.size() && processes.get(process) != null;
  }

  private Map<Integer, Page> pages(int process) {
    Map<Integer, Page> pages = processes.get(process);
    if (pages == null) {
      throw new IllegalStateException("process " + process + " has exited");
    }
    return pages;
  }

  boolean isFree(int process, int page, int count) {
    for (int i = page; i < page + count; i++) {
      if (pages(process).containsKey(i)) {
        return false;
      }
    }
    return true;
  }

  void map(int process, int page, int count, int prot, boolean shared) {
    for (int i = page; i < page + count; i++) {
      pages(process).put(i, new Page(prot, shared, new Cell(), false, false, false));
    }
  }

  void unmap(int process, int page, int count) {
    for (int i = page; i < page + count; i++) {
      pages(process).remove(i);
    }
  }

  /** Changes pages up to the first hole; whether there was none. */
  boolean protect(int process, int page, int count, int prot) {
    for (int i = page; i < page + count; i++) {
      Page old = pages(process).get(i);
      if (old == null) {
        return false;
      }
      pages(process).put(i, old.withProt(prot));
    }
    return true;
  }

  int load(int process, int page) {
    Page found = pages(process).get(page);
    if (found == null) {
      return MAPERR;
    }
    // On x86 whatever is writable or executable is readable.
    return found.prot == 0 ? ACCERR : found.cell.value;
  }

  int store(int process, int page, int value) {
    Page found = pages(process).get(page);
    if (found == null) {
      return MAPERR;
    }
    if ((found.prot & MapFlags.PROT_WRITE) == 0) {
      return ACCERR;
    }
    if (found.cell.value == BUS) {
      return BUS;
    }
    found.cell.value = value;
    return value;
  }

  boolean isMapped(int process, int page) {
    return pages(process).containsKey(page);
  }

  /** Moves what is mapped; what lies where a hole would move to stays. */
  void move(int process, int page, int count, int to) {
    for (int i = 0; i < count; i++) {
      Page moved = pages(process).remove(page + i);
      if (moved != null) {
        pages(process).put(to + i, moved);
      }
    }
  }

  /** More pages behind this one, of its kind; a shared object does not grow with its mapping. */
  void grow(int process, int lastPage, int count) {
    Page last = pages(process).get(lastPage);
    for (int i = 1; i <= count && last != null; i++) {
      Cell cell = new Cell();
      cell.value = last.shared ? BUS : 0;
      pages(process).put(lastPage + i, last.withCell(cell));
    }
  }

  /** madvise: 0 or -errno. */
  long advise(int process, int page, int count, int advice) {
    long result = 0;
    for (int i = page; i < page + count; i++) {
      Page old = pages(process).get(i);
      if (old == null) {
        result = -Errno.ENOMEM;
        continue;
      }
      Page advised = advised(old, advice);
      if (advised == null) {
        return -Errno.EINVAL;
      }
      pages(process).put(i, advised);
    }
    return result;
  }

  private static @Nullable Page advised(Page old, int advice) {
    return switch (advice) {
      case Advice.MADV_DONTFORK -> old.withFork(true, old.wipe);
      case Advice.MADV_DOFORK -> old.withFork(false, old.wipe);
      case Advice.MADV_WIPEONFORK -> old.shared ? null : old.withFork(old.dontFork, true);
      case Advice.MADV_KEEPONFORK -> old.withFork(old.dontFork, false);
      case Advice.MADV_RANDOM, Advice.MADV_NORMAL -> old;
      case Advice.MADV_FREE -> old.shared || old.locked ? null : old;
      case Advice.MADV_DONTNEED -> old.locked ? null : old.shared ? old : old.withCell(new Cell());
      default -> old.locked ? null : old;
    };
  }

  /** mlock and munlock: 0 or -errno. */
  long lock(int process, int page, int count, boolean on) {
    boolean unreachable = false;
    for (int i = page; i < page + count; i++) {
      Page old = pages(process).get(i);
      if (old == null) {
        return -Errno.ENOMEM;
      }
      unreachable |= old.prot == 0 || old.cell.value == BUS;
      pages(process).put(i, old.withLocked(on));
    }
    return on && unreachable ? -Errno.ENOMEM : 0;
  }

  void fork(int process) {
    Map<Integer, Page> child = new HashMap<>();
    pages(process)
        .forEach(
            (page, old) -> {
              if (old.dontFork) {
                return;
              }
              Cell cell = old.cell;
              if (!old.shared) {
                cell = new Cell();
                cell.value = old.wipe ? 0 : old.cell.value;
              }
              child.put(page, old.withCell(cell).withLocked(false));
            });
    processes.add(child);
  }

  void exit(int process) {
    processes.set(process, null);
  }
}
