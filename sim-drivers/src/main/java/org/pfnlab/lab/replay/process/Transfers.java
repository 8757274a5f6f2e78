package org.pfnlab.lab.replay.process;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.task.Pipe;

/** System calls that copy bytes between a process's memory and somewhere else. */
final class Transfers {
  /** The recorder's own buffer: longer transfers are in no recording. */
  private static final int LONGEST = 1 << 20;

  private final Session session;
  private final Machine machine;
  private final Map<String, Pipe> pipes = new HashMap<>();
  private final ScratchFile scratch;

  Transfers(Session session, ScratchFile scratch) {
    this.session = session;
    this.scratch = scratch;
    this.machine = session.machine;
  }

  private Mm mm(Operation op) {
    return session.process(op).mm;
  }

  ObjectNode processVmRead(Operation op) {
    machine.enter(session.process(op, op.text("by")));
    byte[] bytes = new byte[length(op, 1)];
    long got = machine.processVm().read(mm(op), op.address(), bytes, bytes.length);
    return Answer.bytes(got, op.address(), bytes);
  }

  ObjectNode processVmWrite(Operation op) {
    machine.enter(session.process(op, op.text("by")));
    byte[] bytes = filled(op, 1);
    return Answer.count(machine.processVm().write(mm(op), op.address(), bytes, bytes.length));
  }

  ObjectNode procMemRead(Operation op) {
    machine.enter(session.recorder);
    byte[] bytes = new byte[length(op, 1)];
    long got = machine.procMem().read(mm(op), op.address(), bytes, bytes.length);
    return Answer.bytes(got, op.address(), bytes);
  }

  ObjectNode procMemWrite(Operation op) {
    machine.enter(session.recorder);
    byte[] bytes = filled(op, 1);
    return Answer.count(machine.procMem().write(mm(op), op.address(), bytes, bytes.length));
  }

  ObjectNode directWrite(Operation op) {
    byte[] file = new byte[length(op, 4096)];
    scratch.empty();
    long result = machine.directIo().write(mm(op), op.address(), file, file.length);
    scratch.check(result);
    return written(op, result, file);
  }

  ObjectNode directRead(Operation op) {
    byte[] file = filled(op, 4096);
    scratch.fill(file);
    return Answer.count(machine.directIo().read(mm(op), op.address(), file, file.length));
  }

  ObjectNode bufferedWrite(Operation op) {
    byte[] file = new byte[length(op, 4096)];
    scratch.empty();
    long result = machine.bufferedIo().write(mm(op), op.address(), file, file.length);
    scratch.check(result);
    return written(op, result, file);
  }

  ObjectNode bufferedRead(Operation op) {
    byte[] file = filled(op, 4096);
    scratch.fill(file);
    return Answer.count(machine.bufferedIo().read(mm(op), op.address(), file, file.length));
  }

  ObjectNode vmsplice(Operation op) {
    Pipe pipe = pipe(op);
    return Answer.count(machine.pipes().vmsplice(mm(op), op.address(), length(op, 4096), pipe));
  }

  ObjectNode pipeRead(Operation op) {
    byte[] bytes = new byte[length(op, 1)];
    return Answer.bytes(machine.pipes().read(pipe(op), bytes, bytes.length), 0, bytes);
  }

  private Pipe pipe(Operation op) {
    return pipes.computeIfAbsent(
        op.text("pipe"), made -> machine.pipes().create(Pipe.DEFAULT_BUFFERS));
  }

  /** What reached the file, which is told only if something did. */
  static ObjectNode written(Operation op, long result, byte[] file) {
    return result > 0 ? Answer.bytes(result, op.address(), file) : Answer.count(result);
  }

  static byte[] filled(Operation op, int otherwise) {
    byte[] bytes = new byte[length(op, otherwise)];
    Arrays.fill(bytes, (byte) op.integer("val", 0));
    return bytes;
  }

  static int length(Operation op, int otherwise) {
    long length = op.integer("len", otherwise);
    if (length < 0 || length > LONGEST) {
      throw op.impossible("expected \"len\" from 0 to " + LONGEST + ", found " + length);
    }
    return (int) length;
  }
}
