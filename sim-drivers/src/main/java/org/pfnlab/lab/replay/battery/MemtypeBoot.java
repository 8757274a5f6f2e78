package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Opened;
import org.pfnlab.drivers.kind.Placement;
import org.pfnlab.lab.replay.battery.MemtypeCase.Life;
import org.pfnlab.lab.replay.battery.MemtypeCase.PageRange;
import org.pfnlab.lab.replay.battery.MemtypeCase.Pair;

/**
 * One boot of the machine on which cases about memory types run, each in a process of its own; what
 * they leave reserved stays until the end.
 */
final class MemtypeBoot {
  private static final int READ_WRITE = MapFlags.PROT_READ | MapFlags.PROT_WRITE;

  private final Machine machine;
  private final Bar bar;
  private final BarFiles files;
  private final ObjectUnderTest whole;
  private boolean wantsReservation;

  /** Boots. */
  MemtypeBoot(MachineConfig config) {
    this.machine = new Machine(config);
    this.bar = Placement.standard().choose(machine, Bar.RECORDED.base(), Bar.RECORDED.size());
    this.files = new BarFiles(machine, bar);
    this.whole = files.whole();
  }

  /** The BAR that everything is about. */
  Bar bar() {
    return bar;
  }

  /**
   * Runs a case.
   *
   * @return what the recording program would have printed; kernel messages raw, in {@code klog}
   * @throws org.pfnlab.lab.verdict.NotModelled if nothing maps like that; then nothing has happened
   */
  ObjectNode run(MemtypeCase asked) {
    requireModelled(asked);
    machine.kernel().log().readClear();
    boolean shared = !(asked instanceof Life life) || life.shared();
    int pages = asked instanceof Life life ? (int) life.pages().pages() : 1;
    BatteryCase frame = new BatteryCase(shared, true, pages, BatteryCase.Before.NONE, "");
    CaseRun run = new CaseRun(machine, frame, null, whole, machine.newProcess());
    if (asked instanceof Pair pair) {
      pair(pair, run);
    } else if (asked instanceof Life life) {
      life(life, run);
    }
    machine.syscalls().exit(run.process);
    ImmutableList<String> messages = machine.kernel().log().readClear();
    if (!messages.isEmpty()) {
      messages.forEach(run.answer.putArray("klog")::add);
    }
    return run.answer;
  }

  private void requireModelled(MemtypeCase asked) {
    if (asked instanceof Pair pair) {
      files.require(pair.first());
      files.require(pair.second());
    } else if (asked instanceof Life life) {
      files.require(life.kind());
    }
  }

  private void pair(Pair pair, CaseRun run) {
    reserve(pair.reserved());
    run.watchMemtypes();
    long first = mapForPair(run, "first", CaseRun.BASE, pair.first(), pair.firstPages());
    long second = mapForPair(run, "second", CaseRun.BASE2, pair.second(), pair.secondPages());
    if (!Errno.isError(first)) {
      run.munmap(first, pair.firstPages().bytes());
      run.putMemtypes("list_after_munmap_first");
      if (!Errno.isError(second)) {
        run.putLoad("second_still_loads", second);
      }
    }
    if (!Errno.isError(second)) {
      run.munmap(second, pair.secondPages().bytes());
      run.putMemtypes("list_after_munmap_second");
    }
  }

  private long mapForPair(CaseRun run, String which, long at, String label, PageRange pages) {
    long address = map(run, at, label, pages, MapFlags.MAP_SHARED);
    run.putOk("mmap_" + which, address);
    if (!Errno.isError(address)) {
      run.load(address);
      run.putPte(which + "_pte", address);
    }
    run.putMemtypes("list_after_" + which);
    return address;
  }

  private void life(Life life, CaseRun run) {
    reserve(BarFiles.needsReservation(life.kind()));
    run.watchMemtypes();
    run.address = map(run, CaseRun.BASE, life.kind(), life.pages(), run.asked.mapType());
    run.putOk("mmap", run.address);
    if (Errno.isError(run.address)) {
      return;
    }
    for (int page = 0; page < run.pages(); page++) {
      run.load(run.page(page));
    }
    run.putMemtypes("list_after_touch");
    life.event().run(this, run);
    run.munmap(run.address, run.length());
    run.putMemtypes("list_after_final_munmap");
  }

  private long map(CaseRun run, long at, String label, PageRange pages, int type) {
    BarFiles.BarFile opened = files.open(label);
    Opened file = opened.file();
    if (file.errno() != 0) {
      return file.errno();
    }
    int flags = type | MapFlags.MAP_FIXED_NOREPLACE;
    long offset = opened.offset() + (pages.start() << 12);
    long address = run.mmap(at, pages.bytes(), READ_WRITE, flags, file.file(), offset);
    file.file().put();
    return address;
  }

  private void reserve(boolean wanted) {
    wantsReservation = wanted;
    reserveAgain();
  }

  /** Once more what the case began with: nothing, unless the reservation could not be had. */
  void reserveAgain() {
    files.gpu().setIoMapping(wantsReservation);
  }

  /** unmap_mapping_range over the driver's whole file, private copies too. */
  void revoke() {
    files.gpu().revoke(true);
  }

  /** The reservations in the BAR, one a line, in BAR pages. */
  ImmutableList<String> reservations() {
    Memtypes memtypes = machine.memtypes();
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < memtypes.count(); i++) {
      if (bar.contains(memtypes.start(i) >>> 12)) {
        long first = (memtypes.start(i) >>> 12) - bar.pfn(0);
        long pages = (memtypes.end(i) - memtypes.start(i)) >>> 12;
        PageRange range = new PageRange(first, first + pages);
        lines.add("reserved " + range + " " + memtypes.type(i).kernelName());
      }
    }
    return ImmutableList.copyOf(lines);
  }
}
