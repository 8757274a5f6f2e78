package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.node.ArrayNode;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.vma.Mbind;
import org.pfnlab.core.vma.MovePages;

/** Calls on the range of the mapping that neither move it nor take it away. */
final class RangeOps {
  /** Longer mappings answer with four sampled pages. */
  private static final int LONGEST_PLAIN = 16;

  private static final int SAMPLES = 4;

  private RangeOps() {}

  /** {@code mlock}. */
  static void mlock(CaseRun run) {
    locked(run, run.machine.syscalls().mlock(run.process, run.address, run.length()));
  }

  /** {@code mlock2_onfault}. */
  static void mlockOnFault(CaseRun run) {
    locked(run, run.machine.syscalls().mlock2(run.process, run.address, run.length(), 1));
  }

  /** {@code munlock}. */
  static void munlock(CaseRun run) {
    locked(run, run.machine.syscalls().munlock(run.process, run.address, run.length()));
  }

  private static void locked(CaseRun run, long result) {
    run.putResult("ret", result);
    run.putVmas("vmas", run.address, run.pages());
    run.putPagemap("pagemap", run.address, run.pages());
  }

  /** {@code madvise:*}. */
  static BatteryOp madvise(int advice) {
    return run -> {
      run.putResult("ret", advise(run, advice));
      LookingOps.after(run);
    };
  }

  static long advise(CaseRun run, int advice) {
    return run.machine.syscalls().madvise(run.process, run.address, run.length(), advice);
  }

  /** {@code msync:*}. */
  static BatteryOp msync(int flags) {
    return run ->
        run.putResult(
            "ret", run.machine.syscalls().msync(run.process, run.address, run.length(), flags));
  }

  /** {@code mincore}. */
  static void mincore(CaseRun run) {
    byte[] vector = new byte[run.pages()];
    long result = run.machine.syscalls().mincore(run.process, run.address, run.length(), vector);
    run.putResult("ret", result);
    if (result == 0) {
      ArrayNode pages = run.answer.putArray("vec");
      for (int page : sampled(run)) {
        pages.add(vector[page]);
      }
    }
  }

  /** {@code move_pages:query} and {@code move_pages:node0}. */
  static BatteryOp movePages(boolean toNodeZero) {
    return run -> {
      int[] pages = sampled(run);
      long[] addresses = new long[pages.length];
      int[] status = new int[pages.length];
      for (int i = 0; i < pages.length; i++) {
        addresses[i] = run.page(pages[i]);
        status[i] = -999;
      }
      int[] nodes = toNodeZero ? new int[pages.length] : null;
      run.putResult(
          "ret",
          run.machine
              .syscalls()
              .movePages(run.process, addresses, nodes, status, MovePages.MPOL_MF_MOVE));
      ArrayNode list = run.answer.putArray("status");
      for (int code : status) {
        if (code < 0 && code > -500) {
          list.add(Errno.name(code));
        } else {
          list.add(code);
        }
      }
    };
  }

  private static int[] sampled(CaseRun run) {
    int count = run.pages() > LONGEST_PLAIN ? SAMPLES : run.pages();
    int[] pages = new int[count];
    for (int i = 0; i < count; i++) {
      pages[i] = count == run.pages() ? i : (int) ((long) i * (run.pages() - 1) / (count - 1));
    }
    return pages;
  }

  /** {@code mbind:BIND_STRICT_MOVE}. */
  static void mbind(CaseRun run) {
    int flags = Mbind.MPOL_MF_STRICT | MovePages.MPOL_MF_MOVE;
    run.putResult(
        "ret",
        run.machine
            .syscalls()
            .mbind(run.process, run.address, run.length(), Mbind.MPOL_BIND, 1, flags));
    run.putVmas("vmas", run.address, run.pages());
  }

  /** {@code uffd_register:*}. */
  static BatteryOp userfaultfd(int mode) {
    return run ->
        run.putResult(
            "ret",
            run.machine
                .syscalls()
                .userfaultfdRegister(run.process, run.address, run.length(), mode, false));
  }
}
