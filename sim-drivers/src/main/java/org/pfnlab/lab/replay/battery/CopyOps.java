package org.pfnlab.lab.replay.battery;

import java.util.Arrays;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Pipe;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.drivers.kind.ObjectUnderTest;

/** System calls that copy the mapping's bytes, or hand its pages to somebody who does. */
final class CopyOps {
  /** A pipe that was widened to 1 MiB. */
  private static final int WIDE_PIPE = 256;

  private static final long POKED = 0x4444_4444_4444_4444L;
  private static final int NEW_BUFFERS = 200;
  private static final long NEW_WORD = 0xb0b0_0000_0000_0000L;

  private CopyOps() {}

  private static byte[] filled(CaseRun run, int value) {
    byte[] bytes = new byte[(int) run.length()];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /** The next call is made by a process that has no part in the mapping. */
  private static void enterHelper(CaseRun run) {
    run.machine.enter(run.machine.newProcess());
  }

  private static long wholePages(long bytes) {
    return bytes > 0 ? bytes >> 12 : 0;
  }

  /** {@code process_vm_readv_self}. */
  static void processVmReadSelf(CaseRun run) {
    byte[] bytes = filled(run, 0x33);
    long got = run.machine.processVm().read(run.mm(), run.address, bytes, bytes.length);
    run.putResult("ret", got);
    run.putData("data", bytes, wholePages(got));
    run.putPte("pte_after", run.address);
  }

  /** {@code process_vm_writev_self}. */
  static void processVmWriteSelf(CaseRun run) {
    byte[] bytes = filled(run, 0x33);
    long done = run.machine.processVm().write(run.mm(), run.address, bytes, bytes.length);
    run.putResult("ret", done);
    run.putLoad("reload_first", run.address);
    run.putPte("pte_after", run.address);
  }

  /** {@code process_vm_readv_forked_child}: the child's copy of the mapping is read. */
  static void processVmReadChild(CaseRun run) {
    long forked = run.machine.syscalls().fork(run.process);
    if (Errno.isError(forked)) {
      run.answer.put("fork", Errno.name(forked));
      return;
    }
    Process child = run.machine.processes().get((int) forked);
    byte[] bytes = new byte[(int) run.length()];
    long got = run.machine.processVm().read(child.mm, run.address, bytes, bytes.length);
    run.putResult("ret", got);
    run.putData("data", bytes, wholePages(got));
    run.machine.syscalls().exit(child);
  }

  /** {@code process_vm_readv_remote}, by a process that has no part in the mapping. */
  static void processVmReadRemote(CaseRun run) {
    enterHelper(run);
    byte[] bytes = filled(run, 0x44);
    remoteRead(
        run, run.machine.processVm().read(run.mm(), run.address, bytes, bytes.length), bytes);
  }

  /** {@code process_vm_writev_remote}. */
  static void processVmWriteRemote(CaseRun run) {
    enterHelper(run);
    byte[] bytes = filled(run, 0x44);
    remoteWrite(run, run.machine.processVm().write(run.mm(), run.address, bytes, bytes.length));
  }

  /** {@code proc_pid_mem_read_remote}. */
  static void procMemReadRemote(CaseRun run) {
    enterHelper(run);
    byte[] bytes = filled(run, 0x44);
    remoteRead(run, run.machine.procMem().read(run.mm(), run.address, bytes, bytes.length), bytes);
  }

  /** {@code proc_pid_mem_write_remote}. */
  static void procMemWriteRemote(CaseRun run) {
    enterHelper(run);
    byte[] bytes = filled(run, 0x44);
    remoteWrite(run, run.machine.procMem().write(run.mm(), run.address, bytes, bytes.length));
  }

  private static void remoteRead(CaseRun run, long got, byte[] bytes) {
    run.putResult("ret", got);
    run.answer.put("first_word", "0x" + Long.toHexString(CaseRun.word(bytes, 0)));
    run.putPte("pte_after", run.address);
  }

  private static void remoteWrite(CaseRun run, long done) {
    run.putResult("ret", done);
    run.putLoad("reload_first", run.address);
    run.putPte("pte_after", run.address);
  }

  /** {@code ptrace_peekdata}: the word, which is all ones where it cannot be read. */
  static void peek(CaseRun run) {
    enterHelper(run);
    Outcome outcome = run.machine.procMem().peek(run.mm(), run.address);
    long word = -1;
    if (outcome instanceof Outcome.Value value) {
      word = value.value();
      run.answer.put("ret", 8);
    } else {
      run.answer.put("ret", outcome.toString());
    }
    run.answer.put("first_word", "0x" + Long.toHexString(word));
    run.putPte("pte_after", run.address);
  }

  /** {@code ptrace_pokedata}. */
  static void poke(CaseRun run) {
    enterHelper(run);
    long failed = run.machine.procMem().poke(run.mm(), run.address, POKED);
    remoteWrite(run, failed == 0 ? 8 : failed);
  }

  /** {@code proc_self_mem_read}. */
  static void procSelfMemRead(CaseRun run) {
    byte[] bytes = filled(run, 0x55);
    long got = run.machine.procMem().read(run.mm(), run.address, bytes, bytes.length);
    run.putResult("ret", got);
    run.putData("data", bytes, wholePages(got));
    run.putPte("pte_after", run.address);
  }

  /** {@code proc_self_mem_write}. */
  static void procSelfMemWrite(CaseRun run) {
    byte[] bytes = filled(run, 0x55);
    remoteWrite(run, run.machine.procMem().write(run.mm(), run.address, bytes, bytes.length));
  }

  /** {@code vmsplice}: the pages go into a pipe and are read from it. */
  static void vmsplice(CaseRun run) {
    Pipe pipe = run.machine.pipes().create(WIDE_PIPE);
    long spliced = run.machine.pipes().vmsplice(run.mm(), run.address, run.length(), pipe);
    run.putResult("ret", spliced);
    if (spliced > 0) {
      byte[] bytes = new byte[(int) run.length()];
      long got = run.machine.pipes().read(pipe, bytes, (int) spliced);
      run.answer.put("pipe_read", got);
      run.putData("data", bytes, wholePages(got));
    }
    run.putPte("pte_after", run.address);
    run.machine.pipes().close(pipe);
  }

  /** {@code vmsplice_then_store}: does the pipe see what is stored after its page was taken? */
  static void vmspliceThenStore(CaseRun run) {
    Pipe pipe = run.machine.pipes().create(Pipe.DEFAULT_BUFFERS);
    long spliced = run.machine.pipes().vmsplice(run.mm(), run.address, 4096, pipe);
    run.putResult("ret", spliced);
    run.putStore("store_after", run.address, 0x9999);
    if (spliced > 0) {
      byte[] bytes = new byte[4096];
      long got = run.machine.pipes().read(pipe, bytes, bytes.length);
      run.answer.put("pipe_read", got);
      run.answer.put("pipe_word", "0x" + Long.toHexString(CaseRun.word(bytes, 0)));
    }
    run.machine.pipes().close(pipe);
  }

  /**
   * {@code pin_outlives_buffer}: a page is in a pipe while its buffer is freed and 200 new ones are
   * made and filled; what does the pipe hold?
   */
  static void pinOutlivesBuffer(CaseRun run) {
    Pipe pipe = run.machine.pipes().create(Pipe.DEFAULT_BUFFERS);
    long spliced = run.machine.pipes().vmsplice(run.mm(), run.address, 4096, pipe);
    run.putResult("vmsplice", spliced);
    run.putLoad("word_before", run.address);
    run.munmap(run.address, run.length());
    run.close();
    int made = 0;
    while (made < NEW_BUFFERS && fillNewBuffer(run, NEW_WORD + made)) {
      made++;
    }
    run.answer.put("new_buffers", made);
    if (spliced > 0) {
      byte[] bytes = new byte[4096];
      long got = run.machine.pipes().read(pipe, bytes, bytes.length);
      long word = CaseRun.word(bytes, 0);
      run.answer.put("pipe_read", got);
      run.answer.put("pipe_word", "0x" + Long.toHexString(word));
      run.answer.put("pipe_sees_new_buffer", word >>> 48 == NEW_WORD >>> 48);
    }
    run.machine.pipes().close(pipe);
  }

  /** A new object like the first one, mapped and filled; it stays. */
  private static boolean fillNewBuffer(CaseRun run, long word) {
    int readWrite = MapFlags.PROT_READ | MapFlags.PROT_WRITE;
    long at;
    if (run.device == null) {
      at = run.mmap(0, run.length(), readWrite, MapFlags.MAP_SHARED, 0);
    } else {
      ObjectUnderTest object = run.device.open(run.pages());
      at =
          object.errno() != 0
              ? object.errno()
              : run.mmap(
                  0, run.length(), readWrite, MapFlags.MAP_SHARED, object.file(), object.offset());
    }
    if (Errno.isError(at)) {
      return false;
    }
    for (long page = 0; page < run.pages(); page++) {
      run.store(at + (page << 12), word);
    }
    return true;
  }

  /** {@code odirect_write}: from the mapping to a disk. */
  static void directWrite(CaseRun run) {
    byte[] file = new byte[(int) run.length()];
    long done = run.machine.directIo().write(run.mm(), run.address, file, file.length);
    run.putResult("ret", done);
    if (done > 0) {
      run.putData("data", file, wholePages(done));
    }
    run.putPte("pte_after", run.address);
  }

  /** {@code odirect_read}: from a disk into the mapping. */
  static void directRead(CaseRun run) {
    byte[] file = new byte[(int) run.length()];
    for (int page = 0; page < run.pages(); page++) {
      long word = 0x66_0000_0000L + page;
      for (int b = 0; b < 8; b++) {
        file[(page << 12) + b] = (byte) (word >>> (b << 3));
      }
    }
    long done = run.machine.directIo().read(run.mm(), run.address, file, file.length);
    run.putResult("ret", done);
    run.putLoad("reload_first", run.address);
    run.putLoad("reload_last", run.lastPage());
    run.putPte("pte_after", run.address);
  }

  /** {@code buffered_write}: the CPU copies, so anything that can be loaded will do. */
  static void bufferedWrite(CaseRun run) {
    byte[] file = new byte[(int) run.length()];
    long done = run.machine.bufferedIo().write(run.mm(), run.address, file, file.length);
    run.putResult("ret", done);
    if (done > 0) {
      run.putData("data", file, wholePages(done));
    }
  }

  /** {@code buffered_read}. */
  static void bufferedRead(CaseRun run) {
    byte[] file = new byte[(int) run.length()];
    run.putResult("ret", run.machine.bufferedIo().read(run.mm(), run.address, file, file.length));
  }
}
