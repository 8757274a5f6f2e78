package org.pfnlab.lab.matrix;

import com.google.common.collect.ImmutableList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.KernelHang;
import org.pfnlab.core.kernel.KernelLog;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.lab.spec.KernelSpec;

/** One machine of one kernel, which is booted anew for every cell. */
final class CellRun {
  private final KernelSpec kernel;
  private final Recorded recorded;
  private final Machine machine;

  CellRun(KernelSpec kernel, Recorded recorded) {
    this.kernel = kernel;
    this.recorded = recorded;
    this.machine = new Machine(MachineConfig.of(kernel.profile()).withPolicies(kernel.policies()));
  }

  /** Every operation on this mapping. */
  Matrix.Row row(Subject subject, boolean shared, List<Operation> operations) {
    ImmutableList.Builder<Verdict> cells = ImmutableList.builder();
    for (Operation operation : operations) {
      cells.add(cell(subject, shared, operation));
    }
    return new Matrix.Row(kernel, subject, shared, cells.build());
  }

  private Verdict cell(Subject subject, boolean shared, Operation operation) {
    machine.reset();
    Kind kind = subject.kind();
    @Nullable ObjectUnderTest object = kind == null ? null : kind.on(machine).open(Scene.PAGES);
    if (object != null && object.errno() != 0) {
      boolean asked = operation.equals(Operations.MMAP);
      return verdict(
          asked ? "open:" + Errno.name(object.errno()) : Verdict.NOTHING,
          subject,
          shared,
          Operations.MMAP);
    }
    Scene scene = new Scene(machine, object, shared);
    KernelLog log = machine.kernel().log();
    Operation reached = Operations.MMAP;
    String outcome;
    try {
      scene.fill();
      log.clear();
      outcome = Scene.called(scene.map());
      if (outcome.equals(Verdict.OK)) {
        reached = operation;
        outcome = touchAndAct(scene, operation);
        scene.end();
      }
    } catch (KernelBug bug) {
      outcome = Verdict.BUG;
      log.print(String.valueOf(bug.getMessage()));
    } catch (KernelHang hang) {
      outcome = Verdict.HANG;
      log.print(String.valueOf(hang.getMessage()));
    }
    if (!reached.equals(operation)) {
      outcome = Verdict.NOTHING;
      log.clear();
    }
    return verdict(outcome, subject, shared, reached);
  }

  /** What is printed before the operation itself is not the operation's. */
  private String touchAndAct(Scene scene, Operation operation) {
    if (!operation.equals(Operations.MMAP)) {
      scene.prepare(operation.before());
      machine.kernel().log().clear();
    }
    return operation.act().on(scene);
  }

  private Verdict verdict(String outcome, Subject subject, boolean shared, Operation known) {
    KernelLog log = machine.kernel().log();
    boolean covered = recorded.covers(kernel.profile().version(), subject, shared, known);
    return new Verdict(outcome, log.warnings() > 0, Evidence.of(kernel, covered), log.lines());
  }
}
