package org.pfnlab.lab.replay.process;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.task.Futexes;
import org.pfnlab.core.task.Process;

/** Futexes, and the processes that sleep on them until the recording looks after them. */
final class Sleepers {
  private final Session session;
  private final Futexes futexes;
  private final Set<Process> blocked = Collections.newSetFromMap(new IdentityHashMap<>());

  Sleepers(Session session) {
    this.session = session;
    this.futexes = session.machine.futexes();
  }

  ObjectNode await(Operation op) {
    Process process = session.process(op);
    int value = (int) op.integer("val", 0);
    long result = futexes.wait(process, op.address(), value, isPrivate(op));
    if (result == Futexes.BLOCKED) {
      blocked.add(process);
      return Answer.empty().put("blocked", true);
    }
    return Answer.okOrErr(result);
  }

  ObjectNode wake(Operation op) {
    int most = (int) op.integer("n", 1);
    long woken = futexes.wake(session.process(op), op.address(), most, isPrivate(op));
    return Errno.isError(woken) ? Answer.err(woken) : Answer.empty().put("woken", woken);
  }

  /** Is the process awake by now? If not, a signal ends its sleep. */
  ObjectNode done(Operation op) {
    Process process = session.process(op);
    boolean slept = blocked.remove(process);
    if (slept && !futexes.isBlocked(process)) {
      return Answer.empty().put("woken", true);
    }
    ObjectNode answer = Answer.empty().put("woken", false);
    return answer.put("err", slept ? Errno.name(futexes.interrupt(process)) : "0");
  }

  private static boolean isPrivate(Operation op) {
    return op.integer("private", 0) != 0;
  }
}
