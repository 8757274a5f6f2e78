package org.pfnlab.lab.matrix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.drivers.kind.ObjectUnderTest;

/**
 * A process with an object of four pages, each with a first word of its own, which it maps shared
 * or private, for reading and writing. For {@link Operation}s, which look at it and do things.
 */
public final class Scene {
  /** How many pages are mapped. */
  public static final int PAGES = 4;

  /** The mapping's length in bytes. */
  public static final int LENGTH = PAGES << 12;

  /** Where the mapping goes. */
  static final long BASE = 0x1000_0000_0000L;

  /** Where it is moved to. */
  static final long ELSEWHERE = 0x1100_0000_0000L;

  private static final long INITIAL = 0x1111_2222_3333_0000L;
  private static final long STORED = 0x77_0000_0000L;
  private static final int READ_WRITE = MapFlags.PROT_READ | MapFlags.PROT_WRITE;

  /** The computer, just booted. */
  public final Machine machine;

  /** The process that maps. */
  public final Process process;

  /** Whether the mapping is MAP_SHARED. */
  public final boolean shared;

  private final @Nullable ObjectUnderTest object;
  private boolean stored;

  Scene(Machine machine, @Nullable ObjectUnderTest object, boolean shared) {
    this.machine = machine;
    this.process = machine.newProcess();
    this.object = object;
    this.shared = shared;
  }

  /** The process's address space. */
  public Mm mm() {
    return process.mm;
  }

  /** The address of a page of the mapping. */
  public long page(int page) {
    return BASE + ((long) page << 12);
  }

  /** Gives every page its word, through a view that is gone when this returns. */
  void fill() {
    long view = mmap(0, MapFlags.MAP_SHARED);
    if (Errno.isError(view)) {
      return;
    }
    for (int page = 0; page < PAGES; page++) {
      store(view + ((long) page << 12), INITIAL + page);
    }
    machine.syscalls().munmap(process, view, LENGTH);
  }

  /** mmap of the whole object. */
  long map() {
    int type = shared ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE;
    return mmap(BASE, type | MapFlags.MAP_FIXED_NOREPLACE);
  }

  private long mmap(long at, int flags) {
    ObjectUnderTest mapped = object;
    return mapped == null
        ? machine
            .syscalls()
            .mmap(process, at, LENGTH, READ_WRITE, flags | MapFlags.MAP_ANONYMOUS, null, 0)
        : machine
            .syscalls()
            .mmap(process, at, LENGTH, READ_WRITE, flags, mapped.file(), mapped.offset());
  }

  /** Lets every page go through this. */
  void prepare(Operation.History history) {
    for (int page = 0; page < PAGES; page++) {
      if (history == Operation.History.LOAD) {
        load(page(page));
      } else if (history == Operation.History.STORE) {
        store(page(page), STORED + page);
      }
    }
    stored = history == Operation.History.STORE;
  }

  /** Loads a word. */
  public Outcome load(long address) {
    return machine.userAccess().loadWord(mm(), address);
  }

  /** Stores a word. */
  public Outcome store(long address, long value) {
    return Outcome.ofAccess(machine.userAccess().storeWord(mm(), address, value));
  }

  /** The word that belongs into a page: what was stored last, or the object's own. */
  public long expected(int page) {
    return stored ? STORED + page : own(page);
  }

  private long own(int page) {
    return object == null ? 0 : object.word(page);
  }

  /**
   * What a store of this word through the mapping came to: the object has it now if the mapping is
   * shared, and has not if it is private.
   */
  public String reached(int page, long word) {
    if (object == null || own(page) == word == shared) {
      return Verdict.OK;
    }
    return shared ? Verdict.WRONG_DATA : Verdict.THROUGH;
  }

  /** The driver takes the object away: 0 or -errno; -ENOTTY if nobody could make it do so. */
  public long revoke() {
    return object == null ? -Errno.ENOTTY : object.revoke(false);
  }

  /** The process ends, and its files are closed. */
  void end() {
    machine.syscalls().exit(process);
    if (object != null) {
      object.close();
    }
  }

  /** How a load ended that should have given this word. */
  public static String loaded(Outcome outcome, long word) {
    if (outcome instanceof Outcome.Value value) {
      return value.value() == word ? Verdict.OK : Verdict.WRONG_DATA;
    }
    return failed(outcome);
  }

  /** How a call that returns nothing of interest ended. */
  public static String called(long result) {
    return Errno.isError(result) ? Errno.name(result) : Verdict.OK;
  }

  /** How a store or a peek ended. */
  public static String accessed(Outcome outcome) {
    return outcome instanceof Outcome.Value ? Verdict.OK : failed(outcome);
  }

  private static String failed(Outcome outcome) {
    if (outcome instanceof Outcome.Signal signal) {
      String code = signal.code();
      int slash = code.indexOf('/');
      return slash < 0 ? code : code.substring(0, slash);
    }
    if (outcome instanceof Outcome.Hang) {
      return Verdict.HANG;
    }
    return outcome instanceof Outcome.Killed ? "killed" : outcome.toString();
  }

  /**
   * How a transfer out of the mapping ended.
   *
   * @param result bytes or -errno
   * @param bytes what came out
   */
  public String copied(long result, byte[] bytes) {
    if (Errno.isError(result)) {
      return Errno.name(result);
    }
    int pages = (int) (result >> 12);
    for (int page = 0; page < pages; page++) {
      if (word(bytes, page << 12) != expected(page)) {
        return Verdict.WRONG_DATA;
      }
    }
    return share(pages);
  }

  /** {@code ok} for all pages, or how many of them. */
  public static String share(int pages) {
    return pages == PAGES ? Verdict.OK : pages + "/" + PAGES;
  }

  private static long word(byte[] bytes, int at) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(at);
  }

  /**
   * How a transfer into the mapping ended; every page must then begin with this word.
   *
   * @param result bytes or -errno
   */
  public String written(long result, long word) {
    if (Errno.isError(result)) {
      return Errno.name(result);
    }
    int pages = (int) (result >> 12);
    for (int page = 0; page < pages; page++) {
      String back = loaded(load(page(page)), word);
      if (!back.equals(Verdict.OK)) {
        return back;
      }
      String reached = reached(page, word);
      if (!reached.equals(Verdict.OK)) {
        return reached;
      }
    }
    return share(pages);
  }

  /** Loads from the first and the last page: the first answer that is not ok. */
  public String intact(long address) {
    String first = loaded(load(address), expected(0));
    int last = PAGES - 1;
    return first.equals(Verdict.OK)
        ? loaded(load(address + ((long) last << 12)), expected(last))
        : first;
  }
}
