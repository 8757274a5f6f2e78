package org.pfnlab.core.machine;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;

/**
 * A machine and a process for programs of a few calls: pages are relative to an address, answers
 * are short words.
 */
final class FeatureWorld {
  static final long AT = 0x1000_0000_0000L;
  static final int SHARED = MapFlags.MAP_SHARED;
  static final int PRIVATE = MapFlags.MAP_PRIVATE;
  static final int R = MapFlags.PROT_READ;
  static final int RW = MapFlags.PROT_READ | MapFlags.PROT_WRITE;

  final Machine machine;
  final Process process;
  final Syscalls calls;

  FeatureWorld(KernelProfile profile) {
    machine = new Machine(MachineConfig.of(profile));
    process = machine.newProcess();
    calls = machine.syscalls();
  }

  static long at(long page) {
    return AT + (page << 12);
  }

  /** Maps anonymous memory. */
  String anon(long page, long pages, int prot, int flags) {
    int all = flags | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED;
    return word(calls.mmap(process, at(page), pages << 12, prot, all, null, 0));
  }

  /** Maps a file from its start. */
  String file(long page, long pages, int prot, int flags, OpenFile file) {
    int all = flags | MapFlags.MAP_FIXED;
    return word(calls.mmap(process, at(page), pages << 12, prot, all, file, 0));
  }

  /** Opens and maps a file of this kind at page 0. */
  OpenFile open(SpecialKind kind, int pages, int prot, int flags) {
    OpenFile file = kind.open(machine, pages);
    file(0, pages, prot, flags, file);
    return file;
  }

  /** Maps raw frames whose vm_ops are these. */
  String raw(VmOps ops) {
    FileOps driver =
        new FileOps() {
          @Override
          public long mmap(Vma vma) {
            vma.ops = ops;
            return machine
                .remapPfn()
                .remapPfnRange(vma, vma.start, 0xf8000, vma.end - vma.start, vma.pageProt);
          }
        };
    OpenFile file = new OpenFile(driver, AddressSpace.ofDevice(), 3, "raw");
    return file(0, 1, RW, SHARED, file);
  }

  String load(long page) {
    long code = machine.userAccess().load(process.mm, at(page));
    return code >= 0 ? Long.toString(code) : Outcome.ofAccess(code).toString();
  }

  String store(long page) {
    long code = machine.userAccess().store(process.mm, at(page), (byte) 7);
    return code >= 0 ? "ok" : Outcome.ofAccess(code).toString();
  }

  String protect(long page, long pages, int prot) {
    return word(calls.mprotect(process, at(page), pages << 12, prot));
  }

  String advise(long page, long pages, int advice) {
    return word(calls.madvise(process, at(page), pages << 12, advice));
  }

  String move(long page, long oldPages, long newPages, int flags, long to) {
    return word(calls.mremap(process, at(page), oldPages << 12, newPages << 12, flags, at(to)));
  }

  Process fork() {
    return machine.processes().get((int) calls.fork(process));
  }

  /** get_user_pages of page 0, slowly. */
  String gup(int flags) {
    return word(machine.gupSlow().get(process.mm, AT, 1, flags, new long[1]));
  }

  /** The fault path, with FAULT_FLAG_* bits; its VM_FAULT_* bits. */
  String fault(int flags) {
    return Integer.toHexString(machine.faults().handleMmFault(vma(0), AT, flags));
  }

  long pte(long page) {
    return process.mm.pageTable.get(at(page));
  }

  long pfn(long page) {
    return Pte.pfn(pte(page));
  }

  int level(long page) {
    return process.mm.pageTable.levelAt(at(page));
  }

  Vma vma(long page) {
    Vma vma = process.mm.vmas.lookup(at(page));
    if (vma == null) {
      throw new IllegalStateException("nothing is mapped at page " + page);
    }
    return vma;
  }

  /** The letters of smaps. */
  String letters(long page) {
    return VmFlags.letters(vma(page).flags, machine.kernel());
  }

  /** How often something happens while a step runs. */
  long count(Event event, Runnable step) {
    long[] before = machine.kernel().meter.snapshot();
    step.run();
    return machine.kernel().meter.since(before, event);
  }

  /** One letter a page and VMA from page 0 on, a dot for a hole. */
  String picture() {
    StringBuilder picture = new StringBuilder();
    for (int i = 0; i < process.mm.vmas.size(); i++) {
      Vma vma = process.mm.vmas.get(i);
      while (picture.length() < (vma.start - AT) >>> 12) {
        picture.append('.');
      }
      picture.append(String.valueOf((char) ('A' + i)).repeat((int) vma.pages()));
    }
    return picture.toString();
  }

  /** ok, a number above 0 that is no address, or the error's name. */
  static String word(long result) {
    return Errno.isError(result)
        ? Errno.name(result)
        : result == 0 || result >= AT ? "ok" : Long.toString(result);
  }
}
