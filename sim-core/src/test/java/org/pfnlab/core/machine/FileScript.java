package org.pfnlab.core.machine;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.pfnlab.core.file.FileSystem;
import org.pfnlab.core.file.Shmem;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;

/**
 * A few words for tests of files: {@code memfd a 4; map 0 2 rw shared a 1; write a 1 7; load 0}.
 * Pages are relative to a window, offsets in files are pages. Steps that read add what they read to
 * the answers, steps that fail their error; the invariants hold after every step.
 */
final class FileScript {
  private static final long BASE = 0x1000_0000_0000L;

  private final Machine machine;
  private final FileSystem files;
  private Process process;
  private final Map<String, OpenFile> handles = new HashMap<>();
  private final List<String> answers = new ArrayList<>();

  private FileScript(Machine machine) {
    this.machine = machine;
    this.files = machine.files();
    this.process = machine.newProcess();
  }

  /** Runs a script on a new machine and returns the answers, separated by spaces. */
  static String run(String kernel, String script) {
    FileScript run = new FileScript(new Machine(MachineConfig.of(KernelProfile.of(kernel))));
    for (String step : Splitter.on(';').trimResults().split(script)) {
      run.step(Splitter.on(' ').omitEmptyStrings().splitToList(step));
      Invariants.check(run.machine);
    }
    run.leave();
    return String.join(" ", run.answers);
  }

  /** Everything is given back in the end. */
  private void leave() {
    for (Process living : machine.processes()) {
      machine.syscalls().exit(living);
    }
    handles.values().forEach(OpenFile::put);
    handles.clear();
    Invariants.check(machine);
  }

  private void step(List<String> words) {
    String name = words.size() > 1 ? words.get(1) : "";
    switch (words.get(0)) {
      case "memfd" -> handles.put(name, files.memfd(name, bytes(words.get(2))));
      case "file" -> handles.put(name, filled(files.regular(name, bytes(words.get(2)))));
      case "hole" -> handles.put(name, files.regular(name, bytes(words.get(2))));
      case "secret" -> handles.put(name, files.secret(name, bytes(words.get(2))));
      case "array" -> handles.put(name, files.bpfArray(name, pages(words.get(2))));
      case "ring" -> handles.put(name, files.bpfRing(name, pages(words.get(2))));
      case "packet" -> handles.put(name, files.packetRing(name, pages(words.get(2))));
      case "perf" -> handles.put(name, files.perfEvent(name, pages(words.get(2))));
      case "aio" -> handles.put(name, files.aioRing(process.mm, pages(words.get(2))));
      case "fork" -> {
        long child = machine.syscalls().fork(process);
        process = machine.processes().get((int) child);
      }
      case "move" -> {
        long to = address(words.get(2));
        done(machine.syscalls().mremap(process, address(name), 4096, 4096, 3, to));
      }
      case "tcp" -> handles.put(name, files.tcpSocket(name));
      case "zero" -> handles.put(name, files.devZero(name));
      case "reopen" -> handles.put(name, files.reopen(handle(words.get(2)), mode(words.get(3))));
      case "close" -> {
        handle(name).put();
        handles.remove(name);
      }
      case "truncate" -> done(files.truncate(handle(name), bytes(words.get(2))));
      case "punch" -> done(files.punchHole(handle(name), bytes(words.get(2)), bytes(words.get(3))));
      case "seal" -> done(files.addSeals(handle(name), seals(words.get(2))));
      case "write" -> {
        byte[] one = {Byte.parseByte(words.get(3))};
        done(files.pwrite(handle(name), one, 1, bytes(words.get(2))));
      }
      case "read" -> read(handle(name), bytes(words.get(2)));
      case "size" -> answers.add(sizeOf(handle(name)));
      case "load" -> accessed(machine.userAccess().load(process.mm, address(name)), true);
      case "store" ->
          accessed(
              machine.userAccess().store(process.mm, address(name), Byte.parseByte(words.get(2))),
              false);
      case "gup" -> {
        byte[] one = new byte[1];
        done(machine.processVm().read(process.mm, address(name), one, 1));
      }
      default -> memory(words);
    }
  }

  private void memory(List<String> words) {
    Syscalls calls = machine.syscalls();
    long at = address(words.get(1));
    long length = words.size() > 2 ? bytes(words.get(2)) : 4096;
    switch (words.get(0)) {
      case "map" -> {
        int type = words.get(4).equals("shared") ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE;
        OpenFile file = handle(words.get(5));
        long offset = words.size() > 6 ? bytes(words.get(6)) : 0;
        int flags = type | MapFlags.MAP_FIXED;
        done(calls.mmap(process, at, length, prot(words.get(3)), flags, file, offset));
      }
      case "unmap" -> done(calls.munmap(process, at, length));
      case "protect" -> done(calls.mprotect(process, at, length, prot(words.get(3))));
      case "lock" -> done(calls.mlock(process, at, length));
      case "unlock" -> done(calls.munlock(process, at, length));
      case "advise" -> done(calls.madvise(process, at, length, Integer.parseInt(words.get(3))));
      case "sync" -> done(calls.msync(process, at, length, 4));
      case "core" -> {
        byte[] vec = new byte[(int) (length >>> 12)];
        done(calls.mincore(process, at, length, vec));
        StringBuilder bits = new StringBuilder();
        for (byte bit : vec) {
          bits.append(bit);
        }
        answers.add(bits.toString());
      }
      case "flags" -> {
        Vma vma = process.mm.vmas.lookup(at);
        answers.add(
            vma == null ? "hole" : VmFlags.letters(vma.flags, machine.kernel()).replace(' ', ','));
      }
      case "ptes" -> answers.add(entries(at, length));
      case "rss" -> {
        Mm mm = process.mm;
        answers.add(mm.anonRss + "/" + mm.fileRss + "/" + mm.shmemRss);
      }
      default -> throw new IllegalArgumentException("no such step: " + words);
    }
  }

  /** One letter a page: r or w for a page of a file, a or A for an anonymous one, z for zero. */
  private String entries(long from, long length) {
    StringBuilder text = new StringBuilder();
    for (long at = from; at < from + length; at += 4096) {
      long pte = process.mm.pageTable.get(at);
      long pfn = Pte.pfn(pte);
      boolean write = Pte.present(pte) && Pte.write(pte);
      text.append(
          !Pte.present(pte)
              ? '.'
              : pfn == machine.frames().zeroPfn()
                  ? 'z'
                  : machine.frames().has(pfn, Frames.ANON)
                      ? (write ? 'A' : 'a')
                      : (write ? 'w' : 'r'));
    }
    return text.toString();
  }

  private void done(long result) {
    if (Errno.isError(result)) {
      answers.add(Errno.name(result));
    }
  }

  private void accessed(long code, boolean loads) {
    if (code < 0) {
      answers.add(Outcome.ofAccess(code).toString().replaceAll("/.*", ""));
    } else if (loads) {
      answers.add(Long.toString(code));
    }
  }

  private void read(OpenFile file, long position) {
    byte[] one = new byte[1];
    long got = files.pread(file, one, 1, position);
    answers.add(got == 1 ? Byte.toString(one[0]) : got == 0 ? "end" : Errno.name(got));
  }

  /** The size by reading: the first position, in steps of a byte or a page, that is the end. */
  private String sizeOf(OpenFile file) {
    byte[] one = new byte[1];
    long size = 0;
    while (files.pread(file, one, 1, size + 4095) == 1) {
      size += 4096;
    }
    while (files.pread(file, one, 1, size) == 1) {
      size++;
    }
    return size % 4096 == 0 ? Long.toString(size / 4096) : size / 4096 + "+" + size % 4096;
  }

  private OpenFile filled(OpenFile file) {
    byte[] page = new byte[4096];
    long size = 0;
    byte[] one = new byte[1];
    while (files.pread(file, one, 1, size) == 1) {
      int length = files.pread(file, one, 1, size + 4095) == 1 ? 4096 : 100;
      Arrays.fill(page, (byte) (50 + size / 4096));
      files.pwrite(file, page, length, size);
      size += 4096;
    }
    return file;
  }

  private OpenFile handle(String name) {
    OpenFile file = handles.get(name);
    if (file == null) {
      throw new IllegalArgumentException("no such handle: " + name);
    }
    return file;
  }

  private static long address(String page) {
    return BASE + bytes(page);
  }

  /** Pages, or pages and bytes: {@code 1+100}. */
  private static long bytes(String text) {
    List<String> parts = Splitter.on('+').splitToList(text);
    return (Long.parseLong(parts.get(0)) << 12)
        + (parts.size() > 1 ? Long.parseLong(parts.get(1)) : 0);
  }

  private static int pages(String text) {
    return (int) (bytes(text) >>> 12);
  }

  private static int mode(String text) {
    return (text.contains("r") ? OpenFile.FMODE_READ : 0)
        | (text.contains("w") ? OpenFile.FMODE_WRITE : 0);
  }

  private static int prot(String letters) {
    return (letters.contains("r") ? MapFlags.PROT_READ : 0)
        | (letters.contains("w") ? MapFlags.PROT_WRITE : 0)
        | (letters.contains("x") ? MapFlags.PROT_EXEC : 0);
  }

  private static int seals(String names) {
    int seals = 0;
    for (String name : Splitter.on('+').split(names)) {
      seals |=
          switch (name) {
            case "seal" -> Shmem.F_SEAL_SEAL;
            case "shrink" -> Shmem.F_SEAL_SHRINK;
            case "grow" -> Shmem.F_SEAL_GROW;
            case "write" -> Shmem.F_SEAL_WRITE;
            case "future" -> Shmem.F_SEAL_FUTURE_WRITE;
            default -> throw new IllegalArgumentException("no such seal: " + name);
          };
    }
    return seals;
  }
}
