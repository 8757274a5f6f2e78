package org.pfnlab.lab.replay.battery;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Opened;

/** The cases that are about mmap itself; they map the object on their own. */
final class MappingOps {
  private MappingOps() {}

  /** {@code mmap_pat}: the memtype reservations at each step of a mapping's life. */
  static void memtypes(CaseRun run) {
    run.putMemtypes("pat_before");
    run.address = run.map(run.asked.prot(), run.asked.mapType());
    run.putOk("mmap", run.address);
    if (Errno.isError(run.address)) {
      run.putMemtypes("pat_after_mmap");
      return;
    }
    run.putVmas("vmas", run.address, run.pages());
    run.putPagemap("pagemap", run.address, run.pages());
    run.putPte("pte_first", run.address);
    run.putMemtypes("pat_after_mmap");
    for (int page = 0; page < run.pages(); page++) {
      run.load(run.page(page));
    }
    run.putMemtypes("pat_after_touch");
    run.putPte("pte_after_load", run.address);
    long child = run.machine.syscalls().fork(run.process);
    if (Errno.isError(child)) {
      run.answer.put("fork", Errno.name(child));
    } else {
      run.putMemtypes("pat_after_fork");
      Process forked = run.machine.processes().get((int) child);
      run.machine.syscalls().exit(forked);
      run.putMemtypes("pat_after_child_exit");
    }
    run.putResult("munmap_hole", run.munmap(run.page(1), 4096));
    run.putMemtypes("pat_after_munmap_page1");
    run.putResult("munmap", run.munmap(run.address, run.length()));
    run.putMemtypes("pat_after_munmap");
  }

  /** {@code mmap_variants}: other flags, lengths, offsets, and a read-only description. */
  static void variants(CaseRun run) {
    variant(run, "populate", run.asked.mapType() | MapFlags.MAP_POPULATE);
    variant(run, "locked", run.asked.mapType() | MapFlags.MAP_LOCKED);
    variant(run, "noreserve", run.asked.mapType() | MapFlags.MAP_NORESERVE);
    if (run.asked.shared()) {
      variant(run, "shared_validate", MapFlags.MAP_SHARED_VALIDATE);
    }
    ObjectUnderTest object = run.object;
    if (object != null) {
      tooLong(run, object);
      offset(run);
      readOnlyDescription(run, object);
    }
  }

  private static void variant(CaseRun run, String name, int flags) {
    run.address = run.map(run.asked.prot(), flags);
    run.putOk("mmap_" + name, run.address);
    if (!Errno.isError(run.address)) {
      run.putVmas(name + "_vmas", run.address, run.pages());
      run.putPagemap(name + "_pagemap", run.address, run.pages());
      run.munmap(run.address, run.length());
    }
  }

  private static void tooLong(CaseRun run, ObjectUnderTest object) {
    long length = (object.pages() + 1) << 12;
    int flags = run.asked.mapType() | MapFlags.MAP_FIXED_NOREPLACE;
    long at = run.mmap(CaseRun.BASE, length, run.asked.prot(), flags, 0);
    run.putOk("mmap_one_page_too_long", at);
    if (!Errno.isError(at)) {
      run.putLoad("load_beyond_object", at + length - 4096);
      run.munmap(at, length);
    }
  }

  private static void offset(CaseRun run) {
    int flags = run.asked.mapType() | MapFlags.MAP_FIXED_NOREPLACE;
    long at = run.mmap(CaseRun.BASE, 4096, run.asked.prot(), flags, 4096);
    run.putOk("mmap_offset_1page", at);
    if (!Errno.isError(at)) {
      run.putLoad("load_offset_1page", at);
      run.munmap(at, 4096);
    }
  }

  private static void readOnlyDescription(CaseRun run, ObjectUnderTest object) {
    Opened opened = object.reopen(OpenFile.FMODE_READ);
    if (opened.errno() != 0) {
      run.answer.put("reopen_ro", Errno.name(opened.errno()));
      return;
    }
    OpenFile file = opened.file();
    int flags = run.asked.mapType() | MapFlags.MAP_FIXED_NOREPLACE;
    run.address =
        run.mmap(CaseRun.BASE, run.length(), run.asked.prot(), flags, file, object.offset());
    run.putOk("mmap_rofd", run.address);
    if (!Errno.isError(run.address)) {
      run.putLoad("rofd_load", run.address);
      run.putVmas("rofd_vmas", run.address, run.pages());
      int readWrite = MapFlags.PROT_READ | MapFlags.PROT_WRITE;
      run.putResult(
          "rofd_mprotect_rw",
          run.machine.syscalls().mprotect(run.process, run.address, run.length(), readWrite));
      run.putStore("rofd_store", run.address, 0x7777);
      run.putLoad("rofd_reload", run.address);
      run.munmap(run.address, run.length());
    }
    file.put();
  }

  /** {@code munmap_hole}: everything between the first and the last page goes. */
  static void hole(CaseRun run) {
    run.putResult("ret", run.munmap(run.page(1), run.length() - 2 * 4096));
    run.putVmas("vmas", run.address, run.pages());
    run.putLoad("load_first", run.address);
    run.putLoad("load_hole", run.page(1));
    run.putLoad("load_last", run.lastPage());
    if (run.asked.writable()) {
      run.putStore("store_last", run.lastPage(), 0xd00d);
    }
  }

  /** {@code munmap_first_page} and {@code munmap_last_page}. */
  static void edge(CaseRun run, boolean last) {
    run.putResult("ret", run.munmap(last ? run.lastPage() : run.address, 4096));
    run.putVmas("vmas", run.address, run.pages());
    run.putLoad("load_first", run.address);
    run.putLoad("load_last", run.lastPage());
    run.putResult("munmap_rest", run.munmap(run.address, run.length()));
  }
}
