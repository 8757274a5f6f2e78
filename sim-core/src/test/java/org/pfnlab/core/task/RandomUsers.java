package org.pfnlab.core.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;

/** One random program: two address spaces that share an object, a pipe, a ring. */
final class RandomUsers {
  private static final long AT = 0x10_0000_0000L;

  private record Spliced(NaiveSpace.Page page, int offset, int length) {}

  private final String version;
  private final long seed;
  private final Random random;
  private final TestMachine machine;
  private final Mm[] mms = new Mm[2];
  private final NaiveSpace[] naive = new NaiveSpace[2];
  private final long[] object = new long[8];
  private final ProcessVm processVm;
  private final ProcMem procMem;
  private final DirectIo directIo;
  private final BufferedIo bufferedIo;
  private final Pipes pipes;
  private final Pipe pipe;
  private final Deque<Spliced> naivePipe = new ArrayDeque<>();
  private final RegisteredBuffers buffers;
  private final RegisteredBuffers.Ring ring;
  private final List<NaiveSpace.Page> naiveRing = new ArrayList<>();
  private long ringAt;
  private int ringLength;
  private int step;

  RandomUsers(String version, long seed, boolean reusesHeldPages) {
    this.version = version;
    this.seed = seed;
    this.random = new Random(seed);
    machine = new TestMachine(version);
    NaiveSpace.Page zero = new NaiveSpace.Page();
    NaiveSpace.Page[] shared = new NaiveSpace.Page[8];
    Arrays.setAll(shared, i -> new NaiveSpace.Page());
    for (int i = 0; i < 2; i++) {
      mms[i] = machine.newMm();
      naive[i] = new NaiveSpace(zero, shared, reusesHeldPages);
      long rw = VmFlags.VM_READ | VmFlags.VM_WRITE;
      machine.map(mms[i], AT, 8, rw, null, null);
      machine.map(mms[i], AT + (8 << 12), 4, VmFlags.VM_READ, null, null);
    }
    Vma first = TestKind.ANON.map(machine, mms[0], AT + (13 << 12), 8, true, true);
    Vma second = first.duplicate(mms[1]);
    mms[1].vmas.insert(second);
    for (int i = 0; i < 8; i++) {
      object[i] = first.file.mapping.page(i);
    }
    RemoteAccess remote =
        new RemoteAccess(machine.kernel, machine.frames, machine.slow, machine.stack, machine.pins);
    processVm = new ProcessVm(machine.kernel, machine.frames, machine.slow, machine.pins);
    procMem = new ProcMem(remote);
    directIo = new DirectIo(machine.kernel, machine.frames, machine.fast, machine.pins);
    bufferedIo = new BufferedIo(machine.kernel, machine.access);
    pipes = new Pipes(machine.kernel, machine.frames, machine.fast, machine.pins);
    pipe = pipes.create(8);
    buffers =
        new RegisteredBuffers(
            machine.kernel, machine.frames, machine.slow, machine.fast, machine.pins);
    ring = buffers.setup();
  }

  void run(int steps) {
    for (step = 0; step < steps; step++) {
      int which = random.nextInt(2);
      // every third step meets the read-only pages, where forced writes and references collide
      int page =
          random.nextInt(3) == 0 ? 8 + random.nextInt(4) : random.nextInt(NaiveSpace.PAGES) - 1;
      long at = ((long) page << 12) + (random.nextInt(3) == 0 ? random.nextInt(512) * 8 : 0);
      int length = random.nextInt(4) == 0 ? 1 + random.nextInt(10000) : 1 + random.nextInt(64);
      step(random.nextInt(14), which, at, length);
      checkReferences();
    }
  }

  private void step(int op, int which, long at, int length) {
    Mm mm = mms[which];
    NaiveSpace space = naive[which];
    switch (op) {
      case 0, 1 -> load(mm, space, at);
      case 2, 3 -> store(mm, space, at);
      case 4 -> compareRead("pvm_read", processVm.read(mm, AT + at, scratch(length), length));
      case 5 -> write("pvm_write", space, at, length, false, Errno.EFAULT, this::pvmWrite, mm);
      case 6 -> compareRead("mem_read", procMem.read(mm, AT + at, scratch(length), length));
      case 7 -> write("mem_write", space, at, length, true, Errno.EIO, this::memWrite, mm);
      case 8 -> compareRead("sys_write", bufferedWrite(mm, at, length));
      case 9 -> write("sys_read", space, at, length, false, Errno.EFAULT, this::sysRead, mm);
      case 10 -> direct(mm, space, at & -512, (length + 511) & -512);
      case 11 -> splice(mm, space, at, length);
      case 12 -> drain(length);
      default -> ring(mm, space, at, length);
    }
    if (op == 4 || op == 6 || op == 8) {
      int errno = op == 6 ? Errno.EIO : Errno.EFAULT;
      byte[] expected = new byte[length];
      int n =
          op == 8
              ? wholePieces(space.read(at, expected, length), length)
              : space.read(at, expected, length);
      require("read of " + n, lastResult, n > 0 ? n : -errno);
      requireBytes(Arrays.copyOf(expected, n), Arrays.copyOf(lastBuffer, n));
    }
  }

  private byte[] lastBuffer = new byte[0];
  private long lastResult;

  private byte[] scratch(int length) {
    lastBuffer = new byte[length];
    return lastBuffer;
  }

  private void compareRead(String what, long result) {
    lastResult = result;
    assertThat(result).as(describe(what)).isNotZero();
  }

  private long bufferedWrite(Mm mm, long at, int length) {
    return bufferedIo.write(mm, AT + at, scratch(length), length);
  }

  /** What generic_perform_write of kernels before v5.16 makes of a short read of memory. */
  private int wholePieces(int n, int length) {
    boolean partly = machine.kernel.has(BufferedIo.WRITE_FAULTS_IN_PARTLY);
    return partly || n == length ? n : n & -4096;
  }

  private interface Writer {
    long write(Mm mm, long address, byte[] bytes, int length);
  }

  private long pvmWrite(Mm mm, long address, byte[] bytes, int length) {
    return processVm.write(mm, address, bytes, length);
  }

  private long memWrite(Mm mm, long address, byte[] bytes, int length) {
    return procMem.write(mm, address, bytes, length);
  }

  private long sysRead(Mm mm, long address, byte[] bytes, int length) {
    return bufferedIo.read(mm, address, bytes, length);
  }

  private void write(
      String what,
      NaiveSpace space,
      long at,
      int length,
      boolean force,
      int errno,
      Writer writer,
      Mm mm) {
    byte[] bytes = randomBytes(length);
    int n = space.write(at, bytes, length, force);
    require(what, writer.write(mm, AT + at, bytes, length), n > 0 ? n : -errno);
  }

  private byte[] randomBytes(int length) {
    byte[] bytes = new byte[length];
    if (random.nextBoolean()) {
      random.nextBytes(bytes);
    } else {
      Arrays.fill(bytes, (byte) random.nextInt(256));
    }
    return bytes;
  }

  private void load(Mm mm, NaiveSpace space, long at) {
    byte[] expected = new byte[1];
    long wanted = space.read(at, expected, 1) == 1 ? expected[0] & 0xff : UserAccess.SEGV_MAPERR;
    require("load", machine.access.load(mm, AT + at), wanted);
  }

  private void store(Mm mm, NaiveSpace space, long at) {
    byte[] value = randomBytes(1);
    boolean mapped = space.forReading((int) (at >> 12)) != null;
    long wanted = mapped ? UserAccess.SEGV_ACCERR : UserAccess.SEGV_MAPERR;
    if (space.write(at, value, 1, false) == 1) {
      wanted = 0;
    }
    require("store", machine.access.store(mm, AT + at, value[0]), wanted);
  }

  private void direct(Mm mm, NaiveSpace space, long at, int length) {
    if (random.nextBoolean()) {
      byte[] expected = new byte[length];
      int n = space.read(at, expected, length);
      byte[] file = new byte[length];
      long wanted = n == length ? n : -Errno.EFAULT;
      require("dio_write", directIo.write(mm, AT + at, file, length), wanted);
      requireBytes(Arrays.copyOf(expected, n), Arrays.copyOf(file, n));
    } else {
      byte[] file = randomBytes(length);
      int n = space.write(at, file, length, false);
      require(
          "dio_read", directIo.read(mm, AT + at, file, length), n == length ? n : -Errno.EFAULT);
    }
  }

  private void splice(Mm mm, NaiveSpace space, long at, int length) {
    int done = 0;
    long errno = -Errno.EFAULT;
    while (done < length) {
      if (naivePipe.size() == 8) {
        errno = -Errno.EAGAIN;
        break;
      }
      NaiveSpace.Page page = space.forReading((int) ((at + done) >> 12));
      if (page == null) {
        break;
      }
      int start = (int) (at + done) & 0xfff;
      int n = Math.min(length - done, 4096 - start);
      naivePipe.add(new Spliced(page, start, n));
      page.holders++;
      done += n;
    }
    require("vmsplice", pipes.vmsplice(mm, AT + at, length, pipe), done > 0 ? done : errno);
  }

  private void drain(int length) {
    byte[] expected = new byte[length];
    int done = 0;
    boolean empty = naivePipe.isEmpty();
    while (done < length && !naivePipe.isEmpty()) {
      Spliced first = naivePipe.remove();
      int n = Math.min(length - done, first.length);
      System.arraycopy(first.page.bytes, first.offset, expected, done, n);
      done += n;
      if (n < first.length) {
        naivePipe.addFirst(new Spliced(first.page, first.offset + n, first.length - n));
      } else {
        first.page.holders--;
      }
    }
    byte[] bytes = new byte[length];
    require("pipe_read", pipes.read(pipe, bytes, length), empty ? -Errno.EAGAIN : done);
    requireBytes(expected, bytes);
  }

  private void ring(Mm mm, NaiveSpace space, long at, int length) {
    int what = random.nextInt(4);
    if (what == 0) {
      register(mm, space, at, length);
    } else if (what == 1) {
      require("ur_unreg", buffers.unregister(ring), naiveRing.isEmpty() ? -Errno.ENXIO : 0);
      naiveRing.forEach(page -> page.holders--);
      naiveRing.clear();
    } else {
      transfer(what == 2);
    }
  }

  private void register(Mm mm, NaiveSpace space, long at, int length) {
    long result = buffers.register(mm, ring, AT + at, length);
    if (!naiveRing.isEmpty()) {
      require("ur_reg", result, -Errno.EBUSY);
      return;
    }
    List<NaiveSpace.Page> pages = new ArrayList<>();
    boolean shared = false;
    int first = (int) (at >> 12);
    int last = (int) ((at + length - 1) >> 12);
    for (int page = first; page <= last; page++) {
      NaiveSpace.@Nullable Page found = space.forWriting(page, false);
      if (found == null) {
        require("ur_reg", result, -Errno.EFAULT);
        return;
      }
      shared |= NaiveSpace.isShared(page);
      pages.add(found);
    }
    if (shared && !machine.kernel.has(RegisteredBuffers.URING_TAKES_SHMEM)) {
      require("ur_reg", result, -Errno.EOPNOTSUPP);
      return;
    }
    require("ur_reg", result, 0);
    naiveRing.addAll(pages);
    pages.forEach(page -> page.holders++);
    ringAt = at;
    ringLength = length;
  }

  private void transfer(boolean intoMemory) {
    int length = Math.max(1, Math.min(ringLength, 200));
    byte[] file = randomBytes(length);
    byte[] given = file.clone();
    long result =
        intoMemory
            ? buffers.read(ring, AT + ringAt, file, length)
            : buffers.write(ring, AT + ringAt, file, length);
    if (naiveRing.isEmpty()) {
      require("ur_io", result, -Errno.EFAULT);
      return;
    }
    require("ur_io", result, length);
    for (int i = 0; i < length; i++) {
      long at = (ringAt & 0xfff) + i;
      byte[] page = naiveRing.get((int) (at >> 12)).bytes;
      if (intoMemory) {
        page[(int) at & 0xfff] = given[i];
      } else {
        given[i] = page[(int) at & 0xfff];
      }
    }
    requireBytes(given, file);
  }

  /** Every frame's references: entries, the object's own, the pipe, the ring. */
  void checkReferences() {
    Long2IntMap held = new Long2IntOpenHashMap();
    for (long pfn : object) {
      held.put(pfn, 1);
    }
    pipes.addReferences(held);
    buffers.addReferences(held);
    for (Mm mm : mms) {
      for (int page = 0; page < NaiveSpace.PAGES; page++) {
        long pte = mm.pageTable.get(AT + ((long) page << 12));
        if (Pte.present(pte) && !Pte.special(pte)) {
          held.mergeInt(Pte.pfn(pte), 1, Integer::sum);
        }
      }
    }
    for (Long2IntMap.Entry entry : held.long2IntEntrySet()) {
      long pfn = entry.getLongKey();
      int own = pfn == machine.frames.zeroPfn() ? 1 : 0;
      assertThat(machine.frames.refcount(pfn))
          .as(describe("references of page " + pfn))
          .isEqualTo(entry.getIntValue() + own);
    }
  }

  /** Breaks it on purpose. */
  void leakReference() {
    machine.frames.get(object[0]);
  }

  private void require(String what, long result, long wanted) {
    if (result != wanted) {
      fail(describe(what) + ": " + result + " instead of " + wanted);
    }
  }

  private void requireBytes(byte[] wanted, byte[] bytes) {
    if (!Arrays.equals(wanted, bytes)) {
      int i = Arrays.mismatch(wanted, bytes);
      fail(describe("byte " + i) + ": " + bytes[i] + " instead of " + wanted[i]);
    }
  }

  private String describe(String what) {
    return this + ", step " + step + ", " + what;
  }

  @Override
  public String toString() {
    return version + ", seed " + seed;
  }
}
