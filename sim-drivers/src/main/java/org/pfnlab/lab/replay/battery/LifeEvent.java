package org.pfnlab.lab.replay.battery;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.core.vma.Mremap;

/**
 * What a mapping goes through before it is unmapped for good: the events of {@code test:"life"}.
 * Each notes the list of reservations after every step. Pages are counted from the start of the
 * mapping.
 */
enum LifeEvent {
  /** Nothing. */
  MUNMAP {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {}
  },

  /** Pages 4 to 7, then 0 to 3. */
  MUNMAP_HOLE_THEN_REST {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {
      unmap(run, 4, 8, "list_after_hole");
      unmap(run, 0, 4, "list_after_head");
    }
  },

  /** Pages 8 to 15. */
  MUNMAP_TAIL_THEN_REST {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {
      unmap(run, 8, 16, "list_after_tail");
    }
  },

  /** Pages 0 to 7. */
  MUNMAP_HEAD_THEN_REST {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {
      unmap(run, 0, 8, "list_after_head");
    }
  },

  /** Pages 4 to 7 become read-only, and then go. */
  MPROTECT_SPLIT_THEN_MUNMAP {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {
      long result =
          run.machine.syscalls().mprotect(run.process, run.page(4), 4 << 12, MapFlags.PROT_READ);
      run.putResult("mprotect_4_8_r", result);
      run.putMemtypes("list_after_split");
      run.putVmas("vmas", run.address, run.pages());
      unmap(run, 4, 8, "list_after_munmap_middle");
    }
  },

  /** All of it goes elsewhere. */
  MREMAP_MOVE {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {
      long at = remap(run, 0, run.pages(), run.pages(), FIXED);
      if (!Errno.isError(at)) {
        run.address = at;
        run.putLoad("load", at);
      }
    }
  },

  /** To 8 pages. */
  MREMAP_SHRINK {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {
      remap(run, 0, run.pages(), 8, 0);
    }
  },

  /** Pages 4 to 7 go elsewhere, and are unmapped there. */
  MREMAP_MOVE_MIDDLE {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {
      long at = remap(run, 4, 4, 4, FIXED);
      if (!Errno.isError(at)) {
        run.putLoad("load_moved", at);
        run.munmap(at, 4 << 12);
        run.putMemtypes("list_after_munmap_moved");
      }
    }
  },

  /** A child that exits before its parent unmaps. */
  FORK {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {
      Process child = fork(run, "fork");
      run.putMemtypes("list_after_fork");
      exit(run, child);
      run.putMemtypes("list_after_child_exit");
    }
  },

  /** A child that outlives the parent's mapping. */
  FORK_PARENT_UNMAPS_FIRST {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {
      Process child = fork(run, "fork");
      run.munmap(run.address, run.length());
      run.putMemtypes("list_after_parent_munmap");
      exit(run, child);
      run.putMemtypes("list_after_child_exit");
    }
  },

  /** A store to the first page, which copies it where the mapping is private. */
  COW_FIRST_PAGE_THEN_FORK {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {
      storeAndFork(run, run.address);
    }
  },

  /** A store to the last page. */
  COW_LAST_PAGE_THEN_FORK {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {
      storeAndFork(run, run.lastPage());
    }
  },

  /** The driver takes everything away, private copies too; a child is made after that. */
  REVOKE {
    @Override
    void run(MemtypeBoot boot, CaseRun run) {
      boot.reserveAgain();
      boot.revoke();
      run.putResult("revoke", 0);
      run.putMemtypes("list_after_revoke");
      run.putLoad("load_after_revoke", run.address);
      run.putPte("pte_after_revoke", run.address);
      run.putMemtypes("list_after_reload");
      exit(run, fork(run, "fork_after_revoke"));
      run.putMemtypes("list_after_fork");
    }
  };

  /** The events name pages up to here. */
  static final int LEAST_PAGES = 16;

  private static final int FIXED = Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED;
  private static final long STORED = 0x77;

  /** Does it, and notes what is seen. */
  abstract void run(MemtypeBoot boot, CaseRun run);

  /** The recordings' name. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The event of this name, or null. */
  static @Nullable LifeEvent find(String label) {
    for (LifeEvent event : values()) {
      if (event.label().equals(label)) {
        return event;
      }
    }
    return null;
  }

  private static void unmap(CaseRun run, long from, long to, String list) {
    run.putResult("munmap_" + from + "_" + to, run.munmap(run.page(from), (to - from) << 12));
    run.putMemtypes(list);
  }

  private static long remap(CaseRun run, long from, long oldPages, long newPages, int flags) {
    long at =
        run.machine
            .syscalls()
            .mremap(
                run.process, run.page(from), oldPages << 12, newPages << 12, flags, CaseRun.BASE2);
    run.putOk("mremap", at);
    run.putMemtypes("list_after_mremap");
    return at;
  }

  private static @Nullable Process fork(CaseRun run, String key) {
    long child = run.machine.syscalls().fork(run.process);
    run.putOk(key, child);
    return Errno.isError(child) ? null : run.machine.processes().get((int) child);
  }

  private static void exit(CaseRun run, @Nullable Process child) {
    if (child != null) {
      run.machine.syscalls().exit(child);
    }
  }

  private static void storeAndFork(CaseRun run, long at) {
    run.putStore("store", at, STORED);
    run.putMemtypes("list_after_store");
    run.putPte("pte_after_store", at);
    Process child = fork(run, "fork");
    if (child != null) {
      Process parent = run.process;
      run.process = child;
      Outcome seen = run.load(at);
      run.process = parent;
      run.answer.put(
          "child_sees_store", seen instanceof Outcome.Value word && word.value() == STORED);
      exit(run, child);
    }
    run.putMemtypes("list_after_fork_and_exit");
  }
}
