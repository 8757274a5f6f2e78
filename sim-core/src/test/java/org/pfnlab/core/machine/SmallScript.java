package org.pfnlab.core.machine;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;

/**
 * A few words for tests of address spaces: {@code map 0 4 rw; store 1; protect 2 1 r; fork; 1:
 * unmap 0 1}. {@code huge} and {@code small} say whether the process may have huge pages. Pages are
 * relative to a window; a number and a colon switch to that process.
 */
final class SmallScript {
  static final long BASE = 0x1000_0000_0000L;

  private final Machine machine;
  private final List<Process> processes = new ArrayList<>();
  private long last;

  private SmallScript(Machine machine) {
    this.machine = machine;
    processes.add(machine.newProcess());
  }

  /** Runs a script on a new machine; the invariants hold after every step. */
  static SmallScript run(String kernel, String script) {
    SmallScript run = new SmallScript(new Machine(MachineConfig.of(KernelProfile.of(kernel))));
    int process = 0;
    for (String line : Splitter.on(';').split(script)) {
      String step = line.strip();
      if (step.matches("\\d:.*")) {
        process = step.charAt(0) - '0';
        step = step.substring(2).strip();
      }
      if (!step.isEmpty()) {
        run.last =
            run.step(
                run.processes.get(process), Splitter.on(' ').omitEmptyStrings().splitToList(step));
        Invariants.check(run.machine);
      }
    }
    return run;
  }

  private long step(Process process, List<String> words) {
    if (RangeCalls.WORDS.contains(words.get(0))) {
      return RangeCalls.call(machine, process, words);
    }
    Syscalls calls = machine.syscalls();
    long address = words.size() > 1 ? BASE + (Long.parseLong(words.get(1)) << 12) : 0;
    long length = words.size() > 2 ? Long.parseLong(words.get(2)) << 12 : 4096;
    return switch (words.get(0)) {
      case "map" -> {
        boolean shared = words.size() > 4 && words.get(4).equals("shared");
        int noreserve =
            words.size() > 4 && words.get(4).equals("noreserve") ? MapFlags.MAP_NORESERVE : 0;
        yield calls.mmap(
            process,
            address,
            length,
            prot(words.get(3)),
            (shared ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE)
                | noreserve
                | MapFlags.MAP_ANONYMOUS
                | MapFlags.MAP_FIXED,
            null,
            0);
      }
      case "unmap" -> calls.munmap(process, address, length);
      case "protect" -> calls.mprotect(process, address, length, prot(words.get(3)));
      case "load" -> machine.userAccess().load(process.mm, address);
      case "store" -> machine.userAccess().store(process.mm, address, (byte) 1);
      case "fork" -> {
        long child = calls.fork(process);
        processes.add(machine.processes().get((int) child));
        yield 0;
      }
      case "huge", "small" -> {
        process.mm.thpDisabled = words.get(0).equals("small");
        yield 0;
      }
      default -> throw new IllegalArgumentException("no such step: " + words.get(0));
    };
  }

  private static int prot(String letters) {
    return (letters.contains("r") ? MapFlags.PROT_READ : 0)
        | (letters.contains("w") ? MapFlags.PROT_WRITE : 0)
        | (letters.contains("x") ? MapFlags.PROT_EXEC : 0);
  }

  /** The machine. */
  Machine machine() {
    return machine;
  }

  /** The address space of a process. */
  Mm mm(int process) {
    return processes.get(process).mm;
  }

  /** What the last step returned: ok, an errno, or a negative access code. */
  String result() {
    return Errno.isError(last) ? Errno.name(last) : "ok";
  }

  /** One letter a page and VMA, a dot for a hole: {@code AAAA.BB}. */
  String picture(int process) {
    Mm mm = mm(process);
    StringBuilder picture = new StringBuilder();
    for (int i = 0; i < mm.vmas.size(); i++) {
      long first = (mm.vmas.get(i).start - BASE) >>> 12;
      while (picture.length() < first) {
        picture.append('.');
      }
      picture.append(String.valueOf((char) ('A' + i)).repeat((int) mm.vmas.get(i).pages()));
    }
    return picture.toString();
  }
}
