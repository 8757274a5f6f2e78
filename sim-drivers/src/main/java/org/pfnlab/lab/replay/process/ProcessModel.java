package org.pfnlab.lab.replay.process;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.Supplier;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.Syscalls;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.task.Process;
import org.pfnlab.lab.verdict.NotModelled;

/** The modelled machine, asked and answering as the recorder asked a real one. */
final class ProcessModel implements Subject {
  private static final HexFormat HEX = HexFormat.of();

  private final Session session;
  private final Machine machine;
  private final Syscalls syscalls;
  private final Window window;
  private final Snapshots snapshots;
  private final Handles handles;
  private final RangeCalls ranges;
  private final Transfers transfers;
  private final Rings rings;
  private final Sleepers sleepers;

  ProcessModel(Machine machine, Window window) {
    this.machine = machine;
    this.syscalls = machine.syscalls();
    this.window = window;
    this.session = new Session(machine, window);
    this.snapshots = new Snapshots(session);
    this.handles = new Handles(machine.files(), snapshots);
    this.ranges = new RangeCalls(session, handles);
    ScratchFile scratch = new ScratchFile(machine.files());
    this.transfers = new Transfers(session, scratch);
    this.rings = new Rings(session, scratch);
    this.sleepers = new Sleepers(session);
  }

  /** Living processes with their names, in the recorder's order. */
  Map<String, Process> living() {
    return session.living();
  }

  @Override
  public ObjectNode perform(Operation op) {
    return switch (op.name()) {
      case "fork" -> fork(op);
      case "exit" -> exit(op);
      case "mmap" -> ranges.mmap(op);
      case "munmap" -> ranges.munmap(op);
      case "mprotect" -> ranges.mprotect(op);
      case "mremap" -> ranges.mremap(op);
      case "madvise" -> ranges.madvise(op);
      case "mlock" -> ranges.mlock(op);
      case "mlock2" -> ranges.mlock2(op);
      case "munlock" -> ranges.munlock(op);
      case "mlockall" -> ranges.mlockall(op);
      case "munlockall" -> ranges.munlockall(op);
      case "mseal" -> ranges.mseal(op);
      case "msync" -> ranges.msync(op);
      case "mincore" -> ranges.mincore(op);
      case "adopt" -> ranges.adopt(op);
      case "thp" -> ranges.thp(op);
      case "open" -> handles.open(op);
      case "close" -> handles.close(op);
      case "truncate" -> handles.truncate(op);
      case "punch" -> handles.punch(op);
      case "seal" -> handles.seal(op);
      case "file_write" -> handles.write(op);
      case "file_read" -> handles.read(op);
      case "load" ->
          watched(op, () -> Answer.load(machine.userAccess().load(mm(op), op.address())));
      case "store" ->
          watched(
              op,
              () ->
                  Answer.touch(
                      machine
                          .userAccess()
                          .store(mm(op), op.address(), (byte) op.integer("val", 0))));
      case "exec" ->
          watched(op, () -> Answer.touch(machine.userAccess().exec(mm(op), op.address())));
      case "maps" -> snapshots.maps(process(op));
      case "pagemap" -> snapshots.pagemap(process(op));
      case "frames" -> snapshots.frames();
      case "dump" -> dump(op);
      case "pvm_read" -> watched(op, () -> transfers.processVmRead(op));
      case "pvm_write" -> watched(op, () -> transfers.processVmWrite(op));
      case "mem_read" -> watched(op, () -> transfers.procMemRead(op));
      case "mem_write" -> watched(op, () -> transfers.procMemWrite(op));
      case "dio_write" -> watched(op, () -> transfers.directWrite(op));
      case "dio_read" -> watched(op, () -> transfers.directRead(op));
      case "sys_write" -> watched(op, () -> transfers.bufferedWrite(op));
      case "sys_read" -> watched(op, () -> transfers.bufferedRead(op));
      case "vmsplice" -> watched(op, () -> transfers.vmsplice(op));
      case "pipe_read" -> transfers.pipeRead(op);
      case "ur_reg" -> watched(op, () -> rings.register(op));
      case "ur_unreg" -> rings.unregister(op);
      case "ur_write" -> watched(op, () -> rings.write(op));
      case "ur_read" -> watched(op, () -> rings.read(op));
      case "futex_wait" -> watched(op, () -> sleepers.await(op));
      case "futex_wake" -> watched(op, () -> sleepers.wake(op));
      case "futex_done" -> sleepers.done(op);
      default -> throw new NotModelled(op.name());
    };
  }

  /** A second pair of eyes on the same processes, with a numbering of objects of its own. */
  Snapshots freshSnapshots() {
    return new Snapshots(session);
  }

  private Process process(Operation op) {
    return session.process(op);
  }

  private Mm mm(Operation op) {
    return session.process(op).mm;
  }

  private ObjectNode fork(Operation op) {
    long child = syscalls.fork(process(op));
    if (Errno.isError(child)) {
      return Answer.err(child);
    }
    session.add(op, op.text("new"), machine.processes().get((int) child));
    return Answer.ok();
  }

  private ObjectNode exit(Operation op) {
    Process process = process(op);
    syscalls.exit(process);
    rings.closeAll(process);
    session.remove(op.process());
    return Answer.ok();
  }

  /** Performs an access and adds what became of the page that it touched first. */
  private ObjectNode watched(Operation op, Supplier<ObjectNode> access) {
    long address = op.address() & ~0xfffL;
    machine.enter(process(op));
    PageState before = PageState.of(machine.pagemap(), mm(op), address);
    ObjectNode answer = access.get();
    PageState after = PageState.of(machine.pagemap(), mm(op), address);
    answer.put("tr", before.word() + ">" + after.word());
    if (before.isPresent() && after.isPresent()) {
      answer.put("same", before.pfn() == after.pfn());
    }
    return answer;
  }

  /** The first byte of each page that a debugger can read; it faults pages in. */
  private ObjectNode dump(Operation op) {
    Mm mm = mm(op);
    ObjectNode answer = Answer.empty();
    byte[] one = new byte[1];
    long first = op.integer("page", 0);
    long behind = first + Math.min(op.integer("n", 64), 2L * Window.PAGES);
    StringBuilder hex = new StringBuilder();
    var runs = answer.putArray("runs");
    for (long page = first; page <= behind; page++) {
      if (page < behind && machine.procMem().read(mm, window.addressInside(page), one, 1) == 1) {
        hex.append(HEX.toHexDigits(one[0]));
      } else if (hex.length() > 0) {
        runs.addArray().add(page - hex.length() / 2).add(hex.toString());
        hex.setLength(0);
      }
    }
    return answer;
  }

  @Override
  public ImmutableList<String> picture(Operation op) {
    Process process = session.living().get(op.process());
    if (process == null) {
      return ImmutableList.of();
    }
    if (!op.has("page") && !op.has("rawaddr")) {
      return snapshots.picture(process, 0, lastMapped(process.mm));
    }
    long from = window.page(op.address());
    long pages = op.has("n") ? op.integer("n", 1) : 1;
    return from < 0 || from >= Window.PAGES
        ? ImmutableList.of()
        : snapshots.picture(process, from, Math.min(from + pages, Window.PAGES) - 1);
  }

  private long lastMapped(Mm mm) {
    long last = 0;
    for (int i = 0; i < mm.vmas.size(); i++) {
      long end = mm.vmas.get(i).end;
      last = window.contains(end - 1) ? window.page(end - 1) : last;
    }
    return last;
  }
}
