package org.pfnlab.lab.replay.process;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Syscalls;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.core.vma.Mremap;

/** System calls on ranges of a process's address space. */
final class RangeCalls {
  /** The recorder's vector; longer ranges are cut. */
  private static final int LONGEST_VECTOR = 4096;

  private final Session session;
  private final Syscalls calls;
  private final Handles handles;

  RangeCalls(Session session, Handles handles) {
    this.session = session;
    this.calls = session.machine.syscalls();
    this.handles = handles;
  }

  ObjectNode mmap(Operation op) {
    Process process = session.process(op);
    OpenFile file = op.has("h") ? handles.file(op) : null;
    long hint = op.has("page") || op.has("rawaddr") ? op.address() : 0;
    long offset =
        op.has("rawfo") ? op.word("rawfo") : (op.integer("fo", 0) << 12) + op.integer("fob", 0);
    int flags = (int) op.flags("flags", Names.MMAP);
    long at = calls.mmap(process, hint, op.length(), op.prot(), flags, file, offset);
    if (op.has("alias") && !Errno.isError(at)) {
      session.window.alias(at, (op.length() + 4095) >>> 12);
      return Answer.empty().put("at", Window.ALIAS);
    }
    return placed(process, at, op.length());
  }

  ObjectNode mremap(Operation op) {
    Process process = session.process(op);
    long length = op.has("rawnew") ? op.word("rawnew") : op.integer("newn", 1) << 12;
    long to =
        op.has("to") ? session.window.addressInside(op.integer("to", 0)) + op.integer("tob", 0) : 0;
    int flags = (int) op.flags("flags", Names.MREMAP);
    long at = calls.mremap(process, op.address(), op.length(), length, flags, to);
    return placed(process, at, (length + 4095) & ~4095L);
  }

  /** A mapping that landed outside the window is reported and taken away at once. */
  private ObjectNode placed(Process process, long at, long length) {
    if (Errno.isError(at)) {
      return Answer.err(at);
    }
    if (session.window.contains(at)) {
      return Answer.empty().put("at", session.window.page(at));
    }
    calls.munmap(process, at, length);
    return Answer.empty().put("at", "outside");
  }

  /** One of the process's own special mappings, moved into the window. */
  ObjectNode adopt(Operation op) {
    Process process = session.process(op);
    String what = op.text("what");
    Vma vma = what.equals("aio") ? aioRing(process) : named(process, "[" + what + "]");
    if (vma == null) {
      return Answer.err(Errno.ENOENT);
    }
    long length = vma.end - vma.start;
    int flags = Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED;
    long at = calls.mremap(process, vma.start, length, length, flags, op.address());
    return Errno.isError(at)
        ? Answer.err(at)
        : Answer.empty().put("at", session.window.page(at)).put("n", length >>> 12);
  }

  /** io_setup: the ring of a new AIO context of one page. */
  private @Nullable Vma aioRing(Process process) {
    OpenFile ring = handles.aioRing(process);
    int prot = MapFlags.PROT_READ | MapFlags.PROT_WRITE;
    long made = calls.mmap(process, 0, 4096, prot, MapFlags.MAP_SHARED, ring, 0);
    ring.put();
    return Errno.isError(made) ? null : process.mm.vmas.lookup(made);
  }

  /** The first VMA that /proc/pid/maps shows by this name. */
  private static @Nullable Vma named(Process process, String name) {
    for (int i = 0; i < process.mm.vmas.size(); i++) {
      Vma vma = process.mm.vmas.get(i);
      if (vma.ops != null && name.equals(vma.ops.name(vma))) {
        return vma;
      }
    }
    return null;
  }

  ObjectNode munmap(Operation op) {
    return Answer.okOrErr(calls.munmap(session.process(op), op.address(), op.length()));
  }

  ObjectNode mprotect(Operation op) {
    return Answer.okOrErr(
        calls.mprotect(session.process(op), op.address(), op.length(), op.prot()));
  }

  ObjectNode madvise(Operation op) {
    int advice = (int) op.flags("adv", Names.ADVICE);
    return Answer.okOrErr(calls.madvise(session.process(op), op.address(), op.length(), advice));
  }

  ObjectNode mlock(Operation op) {
    return Answer.okOrErr(calls.mlock(session.process(op), op.address(), op.length()));
  }

  ObjectNode mlock2(Operation op) {
    int flags = (int) op.flags("flags", Names.MLOCK2);
    return Answer.okOrErr(calls.mlock2(session.process(op), op.address(), op.length(), flags));
  }

  ObjectNode munlock(Operation op) {
    return Answer.okOrErr(calls.munlock(session.process(op), op.address(), op.length()));
  }

  ObjectNode mlockall(Operation op) {
    int flags = (int) op.flags("flags", Names.MLOCKALL);
    return Answer.okOrErr(calls.mlockall(session.process(op), flags));
  }

  ObjectNode munlockall(Operation op) {
    return Answer.okOrErr(calls.munlockall(session.process(op)));
  }

  ObjectNode mseal(Operation op) {
    long flags = op.integer("flags", 0);
    return Answer.okOrErr(calls.mseal(session.process(op), op.address(), op.length(), flags));
  }

  ObjectNode msync(Operation op) {
    int flags = (int) op.flags("flags", Names.MSYNC);
    return Answer.okOrErr(calls.msync(session.process(op), op.address(), op.length(), flags));
  }

  ObjectNode mincore(Operation op) {
    byte[] vector = new byte[LONGEST_VECTOR];
    long length = op.length();
    long result = calls.mincore(session.process(op), op.address(), length, vector);
    if (Errno.isError(result)) {
      return Answer.err(result);
    }
    StringBuilder text = new StringBuilder();
    for (long page = 0; page < Math.min((length + 4095) >>> 12, LONGEST_VECTOR); page++) {
      text.append(vector[(int) page] & 1);
    }
    return Answer.empty().put("vec", text.toString());
  }

  /** PR_SET_THP_DISABLE, which is on to begin with. */
  ObjectNode thp(Operation op) {
    session.process(op).mm.thpDisabled = op.integer("on", 0) == 0;
    return Answer.ok();
  }
}
