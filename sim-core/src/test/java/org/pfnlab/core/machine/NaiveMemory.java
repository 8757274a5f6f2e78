package org.pfnlab.core.machine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.vma.MapFlags;

/**
 * What memory means, without any of the machinery: every process has pages with a protection and a
 * value; private pages are copied at fork, shared ones are the same object for both.
 */
final class NaiveMemory {
  /** What a load or store gives: a value, or one of these. */
  static final int MAPERR = -1;

  static final int ACCERR = -2;

  private static final class Cell {
    int value;
  }

  private record Page(int prot, boolean shared, Cell cell) {}

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
      pages(process).put(i, new Page(prot, shared, new Cell()));
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
      pages(process).put(i, new Page(prot, old.shared, old.cell));
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
    found.cell.value = value;
    return value;
  }

  void fork(int process) {
    Map<Integer, Page> child = new HashMap<>();
    pages(process)
        .forEach(
            (page, old) -> {
              Cell cell = old.cell;
              if (!old.shared) {
                cell = new Cell();
                cell.value = old.cell.value;
              }
              child.put(page, new Page(old.prot, old.shared, cell));
            });
    processes.add(child);
  }

  void exit(int process) {
    processes.set(process, null);
  }
}
