package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.ObjectUnderTest;

/**
 * One case on its way: its process, object and mapping, and the answer so far. The methods that
 * begin with {@code put} ask the machine and note the result under a key, as the recording program
 * does.
 */
final class CaseRun {
  /** Where the mapping goes. */
  static final long BASE = 0x1000_0000_0000L;

  /** Where it is moved to. */
  static final long BASE2 = 0x1100_0000_0000L;

  /** The first word of page 0 before anybody writes; page N has this plus N. */
  static final long INITIAL = 0x1111_2222_3333_0000L;

  /** The first word of page 0 after {@code pre} stored; page N has this plus N. */
  static final long STORED = 0x77_0000_0000L;

  final Machine machine;
  final BatteryCase asked;

  /** What is mapped; null for anonymous memory. */
  final @Nullable ObjectUnderTest object;

  /** Where more objects like it come from; null for anonymous memory. */
  final @Nullable Device device;

  final Probe probe;
  final ObjectNode answer = JsonNodeFactory.instance.objectNode();

  private @Nullable MemtypeWatch memtypes;
  private boolean closed;

  /** The process that the next probes and accesses are about: the case's, or its child. */
  Process process;

  /** Where the object is mapped. */
  long address;

  CaseRun(
      Machine machine,
      BatteryCase asked,
      @Nullable Device device,
      @Nullable ObjectUnderTest object,
      Process process) {
    this.machine = machine;
    this.asked = asked;
    this.device = device;
    this.object = object;
    this.probe = new Probe(machine, object);
    this.process = process;
  }

  /** Closes the object, once. */
  void close() {
    if (object != null && !closed) {
      object.close();
    }
    closed = true;
  }

  Mm mm() {
    return process.mm;
  }

  /** Length of the mapping in pages. */
  int pages() {
    return asked.pages();
  }

  /** Length of the mapping in bytes. */
  long length() {
    return (long) asked.pages() << 12;
  }

  /** The address of a page of the mapping. */
  long page(long page) {
    return address + (page << 12);
  }

  /** The address of the mapping's last page. */
  long lastPage() {
    return page(pages() - 1);
  }

  /** Maps the object at {@link #BASE} with the case's type and these further flags. */
  long map(int prot, int flags) {
    return mmap(BASE, length(), prot, flags | MapFlags.MAP_FIXED_NOREPLACE, 0);
  }

  /** mmap of the object, beginning this many bytes after its start. */
  long mmap(long at, long length, int prot, int flags, long further) {
    ObjectUnderTest mapped = object;
    return mapped == null
        ? machine
            .syscalls()
            .mmap(process, at, length, prot, flags | MapFlags.MAP_ANONYMOUS, null, 0)
        : mmap(at, length, prot, flags, mapped.file(), mapped.offset() + further);
  }

  /** mmap of a file. */
  long mmap(long at, long length, int prot, int flags, OpenFile file, long offset) {
    return machine.syscalls().mmap(process, at, length, prot, flags, file, offset);
  }

  long munmap(long at, long length) {
    return machine.syscalls().munmap(process, at, length);
  }

  /** Loads a word; a signal is survived. */
  Outcome load(long at) {
    return machine.userAccess().loadWord(mm(), at);
  }

  /** Stores a word; a signal is survived. */
  Outcome store(long at, long value) {
    return Outcome.ofAccess(machine.userAccess().storeWord(mm(), at, value));
  }

  void putLoad(String key, long at) {
    Outcome outcome = load(at);
    answer.put(
        key,
        outcome instanceof Outcome.Value word
            ? "0x" + Long.toHexString(word.value())
            : outcome.toString());
  }

  void putStore(String key, long at, long value) {
    Outcome outcome = store(at, value);
    answer.put(key, outcome instanceof Outcome.Value ? "ok" : outcome.toString());
  }

  /** A call's result, or the error's name. */
  void putResult(String key, long result) {
    if (Errno.isError(result)) {
      answer.put(key, Errno.name(result));
    } else {
      answer.put(key, result);
    }
  }

  /** {@code ok}, or the error's name. */
  void putOk(String key, long result) {
    answer.put(key, Errno.isError(result) ? Errno.name(result) : "ok");
  }

  void putVmas(String key, long at, long pages) {
    answer.set(key, probe.vmas(mm(), at, pages));
  }

  void putPagemap(String key, long at, long pages) {
    answer.set(key, probe.pagemap(mm(), at, pages));
  }

  void putPte(String key, long at) {
    answer.set(key, probe.pte(mm(), at));
  }

  /** Memtype reservations that are new since the case began, and how many are gone since. */
  void putMemtypes(String key) {
    MemtypeWatch watch = memtypes;
    if (watch == null) {
      throw new IllegalStateException("watchMemtypes comes first");
    }
    answer.set(key, watch.added());
    if (watch.lost() > 0) {
      answer.put(key + "_lost", watch.lost());
    }
  }

  /** The case begins: what is reserved now is not its business. */
  void watchMemtypes() {
    memtypes = new MemtypeWatch(machine.memtypes(), object);
  }

  /** How many pages carry the word that is expected there, of those that the bytes hold. */
  void putData(String key, byte[] bytes, long pages) {
    long right = 0;
    for (int page = 0; page < pages; page++) {
      right += word(bytes, page << 12) == expected(page) ? 1 : 0;
    }
    answer.put(key, right + "/" + pages);
  }

  /** Eight bytes, little-endian. */
  static long word(byte[] bytes, int at) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(at);
  }

  private long expected(int page) {
    if (asked.before() == BatteryCase.Before.STORE) {
      return STORED + page;
    }
    return object == null ? 0 : INITIAL + page;
  }
}
