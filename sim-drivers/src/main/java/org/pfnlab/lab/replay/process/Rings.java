package org.pfnlab.lab.replay.process;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.task.RegisteredBuffers;

/** io_uring with one ring for each process, made when it is first needed; a child has none. */
final class Rings {
  private final Session session;
  private final RegisteredBuffers buffers;
  private final ScratchFile scratch;
  private final IdentityHashMap<Process, RegisteredBuffers.Ring> rings = new IdentityHashMap<>();

  Rings(Session session, ScratchFile scratch) {
    this.session = session;
    this.scratch = scratch;
    this.buffers = session.machine.registeredBuffers();
  }

  ObjectNode register(Operation op) {
    Process process = session.process(op);
    RegisteredBuffers.Ring ring = rings.computeIfAbsent(process, none -> setup());
    return Answer.okOrErr(buffers.register(process.mm, ring, op.address(), op.length()));
  }

  /** The rings themselves are mapped with MAP_POPULATE. */
  private RegisteredBuffers.Ring setup() {
    session.machine.frames().lru().drain();
    return buffers.setup();
  }

  ObjectNode unregister(Operation op) {
    RegisteredBuffers.Ring ring = ring(op);
    return Answer.okOrErr(ring == null ? -Errno.ENXIO : buffers.unregister(ring));
  }

  ObjectNode write(Operation op) {
    RegisteredBuffers.Ring ring = ring(op);
    byte[] file = new byte[Transfers.length(op, 4096)];
    scratch.empty();
    long done = ring == null ? -Errno.ENXIO : buffers.write(ring, op.address(), file, file.length);
    scratch.check(done);
    return Transfers.written(op, done, file);
  }

  ObjectNode read(Operation op) {
    RegisteredBuffers.Ring ring = ring(op);
    byte[] file = Transfers.filled(op, 4096);
    scratch.fill(file);
    return Answer.count(
        ring == null ? -Errno.ENXIO : buffers.read(ring, op.address(), file, file.length));
  }

  private RegisteredBuffers.@Nullable Ring ring(Operation op) {
    return rings.get(session.process(op));
  }

  /** The process has exited: its ring and the pins go. */
  void closeAll(Process process) {
    RegisteredBuffers.Ring ring = rings.remove(process);
    if (ring != null) {
      buffers.close(ring);
    }
  }
}
