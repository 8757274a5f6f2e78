package org.pfnlab.core.task;

import java.util.Arrays;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.KernelHang;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;

/** One operation of the recorded battery on one fresh mapping of four pages. */
final class EntryPointRun {
  private static final long AT = 0x10_0000_0000L;
  private static final int PAGES = 4;
  private static final int BYTES = PAGES * 4096;

  private final TestMachine machine;
  private final Mm mm;
  private final boolean anonymous;
  private final String before;
  private final Process process;

  /**
   * Maps and prepares.
   *
   * @param variant mapping, protection and history: {@code prw/load}
   */
  EntryPointRun(TestMachine machine, TestKind kind, String variant) {
    this.machine = machine;
    this.mm = machine.newMm();
    this.process = new Process(0, "p", mm);
    this.anonymous = kind == TestKind.ANON;
    this.before = variant.substring(variant.indexOf('/') + 1);
    Vma vma = kind.map(machine, mm, AT, PAGES, variant.startsWith("s"), variant.contains("rw"));
    for (long i = 0; i < PAGES; i++) {
      long address = vma.start + (i << 12);
      if (before.equals("load")) {
        machine.access.load(mm, address);
      } else if (before.equals("store")) {
        machine.access.storeWord(mm, address, 0x7700000000L + i);
      }
    }
  }

  /** The result as the recording words it. */
  String run(String op) {
    if (op.startsWith("gup_test:")) {
      return gupTest(op.substring(9));
    }
    return switch (op) {
      case "process_vm_readv_remote", "process_vm_writev_remote" -> processVm(op.contains("write"));
      case "proc_pid_mem_read_remote" -> remoteRead();
      case "proc_pid_mem_write_remote" -> remoteWrite();
      case "ptrace_peekdata" -> peek();
      case "ptrace_pokedata" -> poke();
      case "vmsplice" -> vmsplice();
      case "vmsplice_then_store" -> vmspliceThenStore();
      case "odirect_write" -> directWrite();
      case "odirect_read" -> directRead();
      case "buffered_write" -> bufferedWrite();
      case "buffered_read" ->
          "ret="
              + ret(new BufferedIo(machine.kernel, machine.access).read(mm, AT, pattern(0), BYTES));
      case "iouring_register_buffers" -> register();
      case "futex_shared", "futex_private" -> futex(op.endsWith("private"));
      default -> throw new IllegalArgumentException("unknown operation " + op);
    };
  }

  /** The first page's entry as the recording words it. */
  String entry() {
    long pte = mm.pageTable.get(AT);
    if (!Pte.present(pte)) {
      return "none";
    }
    return (Pte.hwPresent(pte) ? "P" : "p")
        + (Pte.write(pte) ? "W" : "")
        + (Pte.young(pte) ? "A" : "")
        + (Pte.dirty(pte) ? "D" : "")
        + (Pte.special(pte) ? "S" : "")
        + ((pte & Pte.SAVED_DIRTY) != 0 ? "s" : "");
  }

  private String gupTest(String what) {
    int flags =
        what.startsWith("pin") ? GupFlags.FOLL_PIN : GupFlags.FOLL_GET | GupFlags.FOLL_TOUCH;
    flags |= what.contains("longterm") ? GupFlags.FOLL_LONGTERM : 0;
    flags |= what.contains("write") ? GupFlags.FOLL_WRITE : 0;
    flags |= what.contains("force") ? GupFlags.FOLL_FORCE : 0;
    boolean fast = what.contains("fast");
    long[] page = new long[1];
    int got = 0;
    for (long i = 0; i < PAGES; i++) {
      long address = AT + (i << 12);
      page[0] = Pins.GARBAGE;
      long result;
      try {
        result =
            fast
                ? machine.fast.get(mm, address, 1, flags, page)
                : machine.slow.getUnlocked(mm, address, 1, flags, page, 0);
      } catch (KernelHang spins) {
        return "case_hung_killed_after_4s=True hung_task_state=R";
      }
      if (result != 1) {
        break;
      }
      if (page[0] == Pins.GARBAGE) {
        return "case_killed_by=9";
      }
      machine.pins.release(page, 1, flags, false);
      got++;
    }
    return "gup_pages=" + got;
  }

  private String processVm(boolean write) {
    ProcessVm processVm = new ProcessVm(machine.kernel, machine.frames, machine.slow, machine.pins);
    byte[] buffer = new byte[BYTES];
    Arrays.fill(buffer, (byte) 0x44);
    try {
      long result =
          write ? processVm.write(mm, AT, buffer, BYTES) : processVm.read(mm, AT, buffer, BYTES);
      return "ret=" + ret(result) + (write ? reload() : " first_word=" + hex(word(buffer, 0)));
    } catch (KernelBug oops) {
      return "ret=helper-died";
    }
  }

  private ProcMem procMem() {
    return new ProcMem(
        new RemoteAccess(
            machine.kernel, machine.frames, machine.slow, machine.stack, machine.pins));
  }

  private String remoteRead() {
    byte[] buffer = new byte[BYTES];
    Arrays.fill(buffer, (byte) 0x44);
    long result = procMem().read(mm, AT, buffer, BYTES);
    return "ret=" + ret(result) + " first_word=" + hex(word(buffer, 0));
  }

  private String remoteWrite() {
    byte[] buffer = new byte[BYTES];
    Arrays.fill(buffer, (byte) 0x44);
    return "ret=" + ret(procMem().write(mm, AT, buffer, BYTES)) + reload();
  }

  private String peek() {
    Outcome outcome = procMem().peek(mm, AT);
    return outcome instanceof Outcome.Value value
        ? "ret=8 first_word=" + hex(value.value())
        : "ret=" + outcome + " first_word=" + hex(-1);
  }

  private String poke() {
    long result = procMem().poke(mm, AT, 0x4444444444444444L);
    return "ret=" + (result == 0 ? "8" : ret(result)) + reload();
  }

  private Pipes pipes() {
    return new Pipes(machine.kernel, machine.frames, machine.fast, machine.pins);
  }

  private String vmsplice() {
    Pipes pipes = pipes();
    Pipe pipe = pipes.create(256);
    long result = pipes.vmsplice(mm, AT, BYTES, pipe);
    if (result <= 0) {
      return "ret=" + ret(result);
    }
    byte[] buffer = new byte[BYTES];
    long read = pipes.read(pipe, buffer, (int) result);
    return "ret=" + result + " pipe_read=" + read + data(buffer, read);
  }

  private String vmspliceThenStore() {
    Pipes pipes = pipes();
    Pipe pipe = pipes.create(256);
    long result = pipes.vmsplice(mm, AT, 4096, pipe);
    long stored = machine.access.storeWord(mm, AT, 0x9999);
    String text = "ret=" + ret(result) + " store_after=" + signal(stored);
    if (result <= 0) {
      return text;
    }
    byte[] buffer = new byte[4096];
    long read = pipes.read(pipe, buffer, 4096);
    return text + " pipe_read=" + read + " pipe_word=" + hex(word(buffer, 0));
  }

  private DirectIo direct() {
    return new DirectIo(machine.kernel, machine.frames, machine.fast, machine.pins);
  }

  private String directWrite() {
    byte[] file = new byte[BYTES];
    long result = direct().write(mm, AT, file, BYTES);
    return "ret=" + ret(result) + (result > 0 ? data(file, result) : "");
  }

  private String directRead() {
    long result = direct().read(mm, AT, pattern(0x6600000000L), BYTES);
    return "ret=" + ret(result) + reload() + " reload_last=" + load(AT + ((PAGES - 1) << 12));
  }

  private String bufferedWrite() {
    byte[] file = new byte[BYTES];
    long result = new BufferedIo(machine.kernel, machine.access).write(mm, AT, file, BYTES);
    return "ret=" + ret(result) + (result > 0 ? data(file, result) : "");
  }

  private String register() {
    RegisteredBuffers buffers =
        new RegisteredBuffers(
            machine.kernel, machine.frames, machine.slow, machine.fast, machine.pins);
    RegisteredBuffers.Ring ring = buffers.setup();
    try {
      long result = buffers.register(mm, ring, AT, BYTES);
      buffers.close(ring);
      return "ret=" + ret(result);
    } catch (KernelBug oops) {
      return "case_hung_unkillable=True hung_task_state=D";
    } catch (KernelHang spins) {
      return "case_hung_killed_after_4s=True hung_task_state=R";
    }
  }

  private String futex(boolean isPrivate) {
    Futexes futexes =
        new Futexes(machine.kernel, machine.frames, machine.fast, machine.pins, machine.access);
    long wait = futexes.wait(process, AT, 0x12345679, isPrivate);
    long wake = futexes.wake(process, AT, 1, isPrivate);
    return "wait_wrong_value=" + ret(wait) + " wake=" + ret(wake);
  }

  private String reload() {
    return " reload_first=" + load(AT);
  }

  private String load(long address) {
    Outcome outcome = machine.access.loadWord(mm, address);
    return outcome instanceof Outcome.Value value ? hex(value.value()) : outcome.toString();
  }

  /** How many pages begin with the word that they should. */
  private String data(byte[] buffer, long length) {
    int pages = (int) (length >>> 12);
    int right = 0;
    for (int i = 0; i < pages; i++) {
      right += word(buffer, i << 12) == expected(i) ? 1 : 0;
    }
    return " data=" + right + "/" + pages;
  }

  private long expected(int page) {
    if (before.equals("store")) {
      return 0x7700000000L + page;
    }
    return anonymous ? 0 : TestKind.INITIAL + page;
  }

  private static byte[] pattern(long firstWord) {
    byte[] bytes = new byte[BYTES];
    for (int page = 0; page < PAGES; page++) {
      for (int b = 0; b < 8; b++) {
        bytes[(page << 12) + b] = (byte) ((firstWord + page) >>> (b << 3));
      }
    }
    return bytes;
  }

  private static long word(byte[] bytes, int at) {
    long word = 0;
    for (int b = 7; b >= 0; b--) {
      word = (word << 8) | (bytes[at + b] & 0xff);
    }
    return word;
  }

  private static String ret(long result) {
    return result < 0 ? Errno.name(result) : Long.toString(result);
  }

  private static String signal(long code) {
    return code < 0 ? UserAccess.signalName(code) : "ok";
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }
}
