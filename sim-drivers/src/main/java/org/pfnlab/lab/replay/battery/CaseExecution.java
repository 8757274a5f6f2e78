package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.KernelHang;
import org.pfnlab.core.kernel.KernelLog;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.drivers.dmabuf.PageArray;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.lab.verdict.NotModelled;
import org.pfnlab.lab.verdict.Picture;

/**
 * The frame of a case: a fresh machine and process, an object whose pages carry a pattern, the
 * mapping, the operation, and the end of the process.
 */
final class CaseExecution {
  private static final String ANONYMOUS = "anon";

  private final CaseRun run;

  private CaseExecution(CaseRun run) {
    this.run = run;
  }

  /**
   * Runs a case.
   *
   * @param kind what is mapped, by its label
   * @param boot what the kernel said once in earlier cases, it does not say again; this case's log
   *     is added to it
   * @throws NotModelled if its operation or kind is unknown
   */
  static CaseResult run(MachineConfig config, String kind, BatteryCase asked, KernelLog boot) {
    BatteryOp unmapped = BatteryOps.unmapped(asked.operation());
    BatteryOp mapped = BatteryOps.mapped(asked.operation());
    if (unmapped == null && mapped == null) {
      throw new NotModelled("operation " + asked.operation());
    }
    Machine machine = new Machine(config);
    machine.kernel().log().continueFrom(boot);
    Device device = kind.equals(ANONYMOUS) ? null : PlainObjects.device(machine, kind);
    ObjectUnderTest object = device == null ? null : device.open(asked.pages());
    CaseRun run = new CaseRun(machine, asked, device, object, machine.newProcess());
    CaseResult result = new CaseExecution(run).result(unmapped, mapped);
    boot.continueFrom(machine.kernel().log());
    return result;
  }

  private CaseResult result(@Nullable BatteryOp unmapped, @Nullable BatteryOp mapped) {
    ObjectUnderTest object = run.object;
    if (object != null && object.errno() != 0) {
      run.answer.put("open", Errno.name(object.errno()));
      return new CaseResult(run.answer, ImmutableList.of(), Garbage.NONE);
    }
    Kernel kernel = run.machine.kernel();
    ImmutableList<String> picture;
    try {
      if (object != null) {
        writePattern();
      }
      run.watchMemtypes();
      if (unmapped != null) {
        unmapped.run(run);
      } else if (mapped != null) {
        mapAndRun(mapped);
      }
      picture = picture();
      run.machine.syscalls().exit(run.process);
      run.close();
    } catch (FalsePin e) {
      return new CaseResult(run.answer, picture(), Garbage.FALSE_PIN);
    } catch (KernelBug bug) {
      if (Pins.isNeverStored(bug)) {
        return new CaseResult(run.answer, picture(), Garbage.FALSE_PIN);
      }
      if (bug == PageArray.READ_BEHIND) {
        return new CaseResult(run.answer, picture(), Garbage.READ_BEHIND);
      }
      picture = picture();
      kernel.log().print(String.valueOf(bug.getMessage()));
      run.answer.put("fate", Fate.ofBug(kernel));
    } catch (KernelHang hang) {
      picture = picture();
      run.answer.put("fate", Fate.ofEndlessLoop());
    }
    putMessages(run.answer, kernel.log().lines());
    return new CaseResult(run.answer, picture, Garbage.NONE);
  }

  /** Every page's first word, through a shared view that is gone before the case begins. */
  private void writePattern() {
    int readWrite = MapFlags.PROT_READ | MapFlags.PROT_WRITE;
    long view = run.mmap(0, run.length(), readWrite, MapFlags.MAP_SHARED, 0);
    boolean failed = Errno.isError(view);
    if (!failed) {
      for (int page = 0; page < run.pages(); page++) {
        Outcome stored = run.store(view + ((long) page << 12), CaseRun.INITIAL + page);
        failed |= !(stored instanceof Outcome.Value);
      }
      run.munmap(view, run.length());
    }
    if (failed) {
      run.answer.put("init", "failed");
    }
  }

  private void mapAndRun(BatteryOp op) {
    run.address = run.map(run.asked.prot(), run.asked.mapType());
    run.putOk("mmap", run.address);
    if (Errno.isError(run.address)) {
      return;
    }
    boolean failed = false;
    for (int page = 0; page < run.pages(); page++) {
      failed |= !(prepare(page) instanceof Outcome.Value);
    }
    if (failed) {
      run.answer.put("pre_failed", true);
    }
    op.run(run);
  }

  private Outcome prepare(int page) {
    return switch (run.asked.before()) {
      case NONE -> new Outcome.Value(0);
      case LOAD -> run.load(run.page(page));
      case STORE -> run.store(run.page(page), CaseRun.STORED + page);
    };
  }

  /** Adds kernel messages, if there are any, as they are compared. */
  static void putMessages(ObjectNode answer, Iterable<String> messages) {
    ImmutableList<String> reduced = KernelMessages.reduced(messages);
    if (!reduced.isEmpty()) {
      ArrayNode lines = answer.putArray("klog");
      reduced.forEach(lines::add);
    }
  }

  private ImmutableList<String> picture() {
    Mm mm = run.mm();
    Picture picture = new Picture(0, run.pages() - 1L);
    for (int i = mm.vmas.indexFrom(CaseRun.BASE); i < mm.vmas.size(); i++) {
      Vma vma = mm.vmas.get(i);
      picture.add(
          (vma.start - CaseRun.BASE) >> 12,
          vma.pages(),
          VmFlags.permissions(vma.flags)
              + "@"
              + vma.pgoff
              + " "
              + VmFlags.letters(vma.flags, run.machine.kernel()));
    }
    return picture.draw(page -> glyph(mm.pageTable.get(CaseRun.BASE + (page << 12))));
  }

  /** Special and normal entries, in capitals where they are writable. */
  private static char glyph(long pte) {
    if (!Pte.present(pte)) {
      return '.';
    }
    char glyph = Pte.special(pte) ? 's' : 'n';
    return Pte.write(pte) ? Character.toUpperCase(glyph) : glyph;
  }
}
