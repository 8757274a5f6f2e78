package org.pfnlab.lab.replay.counts;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.toygpu.ToyGpu;
import org.pfnlab.drivers.toygpu.ToyGpuKinds;
import org.pfnlab.lab.replay.battery.Probe;

/**
 * What the test module does by itself on one machine: it changes the cache mode of its system
 * pages, reserves its BAR, and has its pages mapped while the direct map holds them write-combined.
 * One process asks for all of it; it has forked before, so that its own memory is write-protected
 * until it stores there again.
 */
final class ModuleRun {
  private static final long BASE = 0x1000_0000_0000L;
  private static final int READ_WRITE = MapFlags.PROT_READ | MapFlags.PROT_WRITE;
  private static final int PRIVATE_ANONYMOUS = MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS;

  final Machine machine;

  private final ToyGpu gpu;
  private final Process process;
  private final long ownPage;

  private int writeCombined;
  private @Nullable ObjectUnderTest mapped;
  private long mappedBytes;

  ModuleRun(Machine machine) {
    this.machine = machine;
    Bar bar = ToyGpuKinds.bar(machine);
    gpu = ToyGpu.probe(machine, bar);
    process = machine.newProcess();
    ownPage = machine.syscalls().mmap(process, 0, 4096, READ_WRITE, PRIVATE_ANONYMOUS, null, 0);
    storeOwn();
    long forked = machine.syscalls().fork(process);
    machine.syscalls().exit(machine.processes().get((int) forked));
  }

  private void storeOwn() {
    machine.userAccess().storeWord(process.mm, ownPage, 1);
  }

  /** set_pages_array_wc of its first system pages. */
  long setWriteCombined(int pages) {
    return gpu.setSystemPages(pages, CacheMode.WC);
  }

  /** set_pages_array_wb of them. */
  long setWriteBack(int pages) {
    return gpu.setSystemPages(pages, CacheMode.WB);
  }

  /** io_mapping_init_wc of the BAR, or io_mapping_fini. */
  long reserveBar(boolean on) {
    return gpu.setIoMapping(on);
  }

  /** Sees to it that so many of its pages are write-combined, and no others. */
  void needWriteCombined(int pages) {
    if (writeCombined != pages) {
      if (writeCombined != 0) {
        setWriteBack(writeCombined);
      }
      if (pages != 0) {
        setWriteCombined(pages);
      }
      writeCombined = pages;
    }
  }

  /** Opens an object; it stays until the next one. */
  void open(Device device, int pages) {
    closeObject();
    mapped = device.open(pages);
    mappedBytes = (long) pages << 12;
  }

  private void closeObject() {
    ObjectUnderTest object = mapped;
    if (object != null) {
      machine.syscalls().munmap(process, BASE, mappedBytes);
      object.close();
      mapped = null;
    }
  }

  /**
   * Maps the object and stores to every page.
   *
   * @return how many stores went well, or -errno
   */
  long mapAndStore() {
    ObjectUnderTest object = mapped;
    if (object == null) {
      throw new IllegalStateException("open comes first");
    }
    long at =
        machine
            .syscalls()
            .mmap(
                process,
                BASE,
                mappedBytes,
                READ_WRITE,
                MapFlags.MAP_SHARED,
                object.file(),
                object.offset());
    if (Errno.isError(at)) {
      return at;
    }
    storeOwn();
    long stored = 0;
    for (long page = 0; page < mappedBytes >> 12; page++) {
      long code = machine.userAccess().storeWord(process.mm, at + (page << 12), 0x88 + page);
      stored += Outcome.ofAccess(code) instanceof Outcome.Value ? 1 : 0;
    }
    return stored;
  }

  /** The entry of the first page. */
  JsonNode firstEntry() {
    return new Probe(machine, mapped).pte(process.mm, BASE);
  }
}
