package org.pfnlab.core.machine;

/** One step of a random program. Processes are numbers; pages are relative to a small window. */
sealed interface Step {
  /** The process that does it. */
  int process();

  record Map(int process, int page, int pages, int prot, boolean shared, boolean replace)
      implements Step {}

  record Unmap(int process, int page, int pages) implements Step {}

  record Protect(int process, int page, int pages, int prot) implements Step {}

  record Load(int process, int page) implements Step {}

  record Store(int process, int page, int value) implements Step {}

  record Fork(int process) implements Step {}

  record Exit(int process) implements Step {}

  /** mremap to a fixed place, of unchanged size. */
  record Move(int process, int page, int pages, int to) implements Step {}

  /** mremap in place. */
  record Resize(int process, int page, int pages, int newPages) implements Step {}

  /** madvise. */
  record Advise(int process, int page, int pages, int advice) implements Step {}

  /** mlock, or munlock. */
  record Lock(int process, int page, int pages, boolean on) implements Step {}
}
