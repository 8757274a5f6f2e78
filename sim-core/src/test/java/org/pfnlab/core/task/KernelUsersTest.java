package org.pfnlab.core.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.mm.VmFlags.VM_GROWSDOWN;
import static org.pfnlab.core.mm.VmFlags.VM_READ;
import static org.pfnlab.core.mm.VmFlags.VM_WRITE;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.gup.AccessPhys;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;

/**
 * Partial transfers, references that outlive mappings, waiting: what the table of results leaves
 * open.
 */
class KernelUsersTest {
  private static final long AT = 0x10_0000_0000L;
  private static final long RW = VM_READ | VM_WRITE;

  private TestMachine machine = new TestMachine("v6.18.2");
  private Mm mm = machine.newMm();

  @BeforeEach
  void start() {
    use("v6.18.2");
  }

  private void use(String version) {
    machine = new TestMachine(version);
    mm = machine.newMm();
  }

  private Pipes pipes() {
    return new Pipes(machine.kernel, machine.frames, machine.fast, machine.pins);
  }

  private ProcMem procMem() {
    return new ProcMem(
        new RemoteAccess(
            machine.kernel, machine.frames, machine.slow, machine.stack, machine.pins));
  }

  private RegisteredBuffers buffers() {
    return new RegisteredBuffers(
        machine.kernel, machine.frames, machine.slow, machine.fast, machine.pins);
  }

  private Futexes futexes() {
    return new Futexes(machine.kernel, machine.frames, machine.fast, machine.pins, machine.access);
  }

  private long pfn(long address) {
    return Pte.pfn(mm.pageTable.get(address));
  }

  /** {@code RW RO .. RW}: a read passes the first two, a write the first. */
  private void mapWithHole() {
    machine.map(mm, AT, 1, RW, null, null);
    machine.map(mm, AT + 4096, 1, VM_READ, null, null);
    machine.map(mm, AT + 3 * 4096, 1, RW, null, null);
  }

  @Test
  void processVmStopsAtTheFirstBadPage() {
    mapWithHole();
    ProcessVm processVm = new ProcessVm(machine.kernel, machine.frames, machine.slow, machine.pins);
    byte[] bytes = new byte[16384];
    assertThat(processVm.read(mm, AT + 10, bytes, 16000)).isEqualTo(8192 - 10);
    assertThat(processVm.write(mm, AT + 10, bytes, 16000)).isEqualTo(4096 - 10);
    assertThat(processVm.read(mm, AT + 8192, bytes, 16000)).isEqualTo(-Errno.EFAULT);
    assertThat(machine.frames.refcount(pfn(AT))).isEqualTo(1);
  }

  @Test
  void processVmCopiesAcrossPages() {
    machine.map(mm, AT, 3, RW, null, null);
    byte[] bytes = new byte[9000];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 7);
    }
    ProcessVm processVm = new ProcessVm(machine.kernel, machine.frames, machine.slow, machine.pins);
    assertThat(processVm.write(mm, AT + 3, bytes, 9000)).isEqualTo(9000);
    byte[] back = new byte[9000];
    assertThat(processVm.read(mm, AT + 3, back, 9000)).isEqualTo(9000);
    assertThat(back).isEqualTo(bytes);
    assertThat(machine.access.load(mm, AT + 3 + 5000)).isEqualTo((5000 * 7) & 0xff);
  }

  @Test
  void procMemIgnoresPermissionsAndStopsAtHoles() {
    mapWithHole();
    byte[] bytes = new byte[16384];
    assertThat(procMem().write(mm, AT + 10, bytes, 16000)).isEqualTo(8192 - 10);
    assertThat(procMem().read(mm, AT + 8192, bytes, 100)).isEqualTo(-Errno.EIO);
    assertThat(procMem().poke(mm, AT + 8192 - 8, 5)).isZero();
    assertThat(procMem().peek(mm, AT + 8192 - 8)).isEqualTo(new Outcome.Value(5));
    assertThat(procMem().poke(mm, AT + 8192 - 4, 7)).isEqualTo(-Errno.EIO);
    assertThat(procMem().peek(mm, AT + 8192 - 8))
        .as("half of the word was written")
        .isEqualTo(new Outcome.Value(5 + (7L << 32)));
    assertThat(procMem().peek(mm, AT + 8192 - 4)).isEqualTo(new Outcome.Err(Errno.EIO));
  }

  /** Who grows a stack by touching the page below it: {@code . GGGG}. */
  @ParameterizedTest
  @CsvSource({
    "v5.11   , true ",
    "v6.1.192, false",
    "v6.18.2 , false",
  })
  void whoGrowsStacks(String version, boolean gupGrows) {
    use(version);
    Vma vma = machine.map(mm, AT, 1, RW | VM_GROWSDOWN, null, null);
    byte[] bytes = new byte[512];
    ProcessVm processVm = new ProcessVm(machine.kernel, machine.frames, machine.slow, machine.pins);
    assertThat(processVm.read(mm, vma.start - 512, bytes, 512) == 512).isEqualTo(gupGrows);
    assertThat(pipes().vmsplice(mm, vma.start - 512, 512, pipes().create(1)) == 512)
        .isEqualTo(gupGrows);
    Process process = new Process(0, "p", mm);
    assertThat(futexes().wake(process, vma.start - 512, 1, false) == 0).isEqualTo(gupGrows);
    assertThat(buffers().register(mm, buffers().setup(), vma.start - 512, 512) == 0)
        .isEqualTo(gupGrows);
    long before = vma.start;
    assertThat(procMem().read(mm, vma.start - 512, bytes, 512)).isEqualTo(512);
    assertThat(procMem().write(mm, vma.start - 512, bytes, 512)).isEqualTo(512);
    BufferedIo buffered = new BufferedIo(machine.kernel, machine.access);
    assertThat(buffered.read(mm, vma.start - 512, bytes, 512)).isEqualTo(512);
    assertThat(buffered.write(mm, vma.start - 512, bytes, 512)).isEqualTo(512);
    assertThat(before - vma.start).isEqualTo(4 * 4096);
  }

  @Test
  void whatIsStoredLaterComesOutOfThePipe() {
    machine.map(mm, AT, 2, RW, null, null);
    machine.access.store(mm, AT, (byte) 65);
    Pipes pipes = pipes();
    Pipe pipe = pipes.create(Pipe.DEFAULT_BUFFERS);
    assertThat(pipes.vmsplice(mm, AT, 8192, pipe)).isEqualTo(8192);
    machine.access.store(mm, AT, (byte) 66);
    machine.access.store(mm, AT + 4096, (byte) 67);
    byte[] bytes = new byte[8192];
    assertThat(pipes.read(pipe, bytes, 1)).isEqualTo(1);
    assertThat(bytes[0]).isEqualTo((byte) 66);
    assertThat(pipe.buffers()).isEqualTo(2);
    assertThat(pipes.read(pipe, bytes, 8192)).isEqualTo(8191);
    assertThat(bytes[4095]).as("the zero page was spliced, the store came later").isZero();
    assertThat(pipes.read(pipe, bytes, 1)).isEqualTo(-Errno.EAGAIN);
    assertThat(machine.frames.refcount(pfn(AT))).isEqualTo(1);
  }

  @Test
  void aFullPipeTakesAPart() {
    machine.map(mm, AT, 8, RW, null, null);
    Pipes pipes = pipes();
    Pipe pipe = pipes.create(3);
    long before = machine.frames.refcount(machine.frames.zeroPfn());
    assertThat(pipes.vmsplice(mm, AT + 4000, 8 * 4096 - 4000, pipe)).isEqualTo(96 + 2 * 4096);
    assertThat(pipes.vmsplice(mm, AT, 4096, pipe)).isEqualTo(-Errno.EAGAIN);
    assertThat(machine.frames.refcount(machine.frames.zeroPfn())).isEqualTo((int) before + 3);
    Long2IntMap held = new Long2IntOpenHashMap();
    pipes.addReferences(held);
    assertThat(held.get(machine.frames.zeroPfn())).isEqualTo(3);
    pipes.close(pipe);
    assertThat(machine.frames.refcount(machine.frames.zeroPfn())).isEqualTo((int) before);
    assertThat(pipes.open()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2"})
  void directReadFailsAsAWholeAfterATransferInPart(String version) {
    use(version);
    machine.map(mm, AT, 1, RW, null, null);
    DirectIo direct = new DirectIo(machine.kernel, machine.frames, machine.fast, machine.pins);
    byte[] file = new byte[8192];
    Arrays.fill(file, (byte) 17);
    assertThat(direct.read(mm, AT, file, 8192)).isEqualTo(-Errno.EFAULT);
    assertThat(machine.access.load(mm, AT)).isEqualTo(17);
    assertThat(direct.read(mm, AT + 1, file, 512)).isEqualTo(-Errno.EINVAL);
    assertThat(machine.frames.refcount(pfn(AT))).isEqualTo(1);
  }

  @Test
  void bufferedWritesEndWhereMemoryEnds() {
    byte[] file = new byte[16384];
    for (String version : new String[] {"v5.11", "v6.18.2"}) {
      use(version);
      machine.map(mm, AT, 2, RW, null, null);
      BufferedIo buffered = new BufferedIo(machine.kernel, machine.access);
      boolean partly = version.equals("v6.18.2");
      assertThat(buffered.write(mm, AT + 100, file, 16384)).isEqualTo(partly ? 8092 : 4096);
      assertThat(buffered.write(mm, AT + 8000, file, 4096)).isEqualTo(partly ? 192 : -Errno.EFAULT);
      assertThat(buffered.read(mm, AT + 100, file, 16384)).isEqualTo(8092);
      assertThat(buffered.read(mm, AT + 8192, file, 1)).isEqualTo(-Errno.EFAULT);
    }
  }

  @Test
  void registeredBuffersKeepTheirFrames() {
    machine.map(mm, AT, 2, RW, null, null);
    machine.access.store(mm, AT, (byte) 1);
    RegisteredBuffers buffers = buffers();
    RegisteredBuffers.Ring ring = buffers.setup();
    byte[] file = new byte[4096];
    assertThat(buffers.write(ring, AT, file, 1)).isEqualTo(-Errno.EFAULT);
    assertThat(buffers.unregister(ring)).isEqualTo(-Errno.ENXIO);
    assertThat(buffers.register(mm, ring, AT + 100, 4096)).isZero();
    assertThat(buffers.register(mm, ring, AT, 4096)).isEqualTo(-Errno.EBUSY);
    assertThat(ring.pinned()).hasSize(2);
    Long2IntMap held = new Long2IntOpenHashMap();
    buffers.addReferences(held);
    assertThat(held.get(pfn(AT))).isEqualTo(Frames.PIN_BIAS);
    file[5] = 42;
    assertThat(buffers.read(ring, AT + 100, file, 4096)).isEqualTo(4096);
    assertThat(machine.access.load(mm, AT + 105)).isEqualTo(42);
    machine.access.store(mm, AT + 4096, (byte) 77);
    assertThat(buffers.write(ring, AT + 4095, file, 2)).isEqualTo(2);
    assertThat(file[1]).isEqualTo((byte) 77);
    assertThat(buffers.write(ring, AT + 99, file, 2)).isEqualTo(-Errno.EFAULT);
    assertThat(buffers.write(ring, AT + 4195, file, 2)).isEqualTo(-Errno.EFAULT);
    buffers.close(ring);
    assertThat(machine.frames.refcount(pfn(AT))).isEqualTo(1);
  }

  @Test
  void aBufferThatCannotBePinnedWholeLeavesNothingPinned() {
    machine.map(mm, AT, 1, RW, null, null);
    RegisteredBuffers buffers = buffers();
    assertThat(buffers.register(mm, buffers.setup(), AT, 8192)).isEqualTo(-Errno.EFAULT);
    assertThat(machine.frames.refcount(pfn(AT))).isEqualTo(1);
    assertThat(buffers.register(mm, buffers.setup(), 0, 4096)).isEqualTo(-Errno.EFAULT);
    assertThat(buffers.register(mm, buffers.setup(), AT, 0)).isEqualTo(-Errno.EFAULT);
  }

  /** One buffer over two neighbours. */
  @ParameterizedTest
  @CsvSource({
    "v5.11   , ANON , EXT4 , EOPNOTSUPP",
    "v6.1.192, ANON , EXT4 , EINVAL",
    "v6.1.192, EXT4 , ANON , EOPNOTSUPP",
    "v6.1.192, ANON , MEMFD, EINVAL",
    "v6.1.192, MEMFD, ANON , EINVAL",
    "v6.1.192, ANON , ANON , 0",
    "v6.4    , MEMFD, MEMFD, EINVAL",
    "v6.5    , ANON , MEMFD, 0",
    "v6.18.2 , ANON , MEMFD, 0",
    "v6.18.2 , MEMFD, EXT4 , 0",
  })
  void aBufferOverTwoMappings(String version, TestKind low, TestKind high, String expected) {
    use(version);
    low.map(machine, mm, AT, 1, low == TestKind.MEMFD, true);
    high.map(machine, mm, AT + 4096, 1, high == TestKind.MEMFD, true);
    RegisteredBuffers buffers = buffers();
    long result = buffers.register(mm, buffers.setup(), AT, 8192);
    assertThat(result < 0 ? Errno.name(result) : "0").isEqualTo(expected);
  }

  @Test
  void sharedFutexesMeetByPageAndPrivateOnesByAddress() {
    TestKind.MEMFD.map(machine, mm, AT, 1, true, true);
    Mm other = machine.newMm();
    Vma twin = mm.vmas.get(0).duplicate(other);
    other.vmas.insert(twin);
    Process one = new Process(0, "one", mm);
    Process two = new Process(1, "two", other);
    int word = (int) TestKind.INITIAL;
    Futexes futexes = futexes();
    assertThat(futexes.wait(one, AT, word, false)).isEqualTo(Futexes.BLOCKED);
    assertThat(futexes.isBlocked(one)).isTrue();
    assertThat(futexes.wake(two, AT, 1, true)).isZero();
    assertThat(futexes.wake(two, AT + 4, 1, false)).isZero();
    assertThat(futexes.wake(two, AT, 1, false)).isEqualTo(1);
    assertThat(futexes.interrupt(one)).as("woken already").isZero();
    assertThat(futexes.wait(one, AT, word, true)).isEqualTo(Futexes.BLOCKED);
    assertThat(futexes.wake(one, AT, 1, false)).isZero();
    assertThat(futexes.wake(two, AT, 1, true)).isZero();
    assertThat(futexes.interrupt(one)).isEqualTo(-Errno.EINTR);
    assertThat(futexes.isBlocked(one)).isFalse();
  }

  @Test
  void futexWakesInOrderOfComing() {
    TestKind.MEMFD.map(machine, mm, AT, 1, true, true);
    Futexes futexes = futexes();
    Process[] sleepers = new Process[3];
    for (int i = 0; i < 3; i++) {
      sleepers[i] = new Process(i, "p", mm);
      assertThat(futexes.wait(sleepers[i], AT, (int) TestKind.INITIAL, false))
          .isEqualTo(Futexes.BLOCKED);
    }
    assertThat(futexes.wake(sleepers[0], AT, 2, false)).isEqualTo(2);
    assertThat(futexes.isBlocked(sleepers[1])).isFalse();
    assertThat(futexes.isBlocked(sleepers[2])).isTrue();
    assertThat(futexes.wake(sleepers[0], AT, 5, false)).isEqualTo(1);
  }

  @Test
  void futexErrors() {
    machine.map(mm, AT, 1, 0, null, null);
    Process process = new Process(0, "p", mm);
    Futexes futexes = futexes();
    assertThat(futexes.wait(process, AT + 1, 0, true)).isEqualTo(-Errno.EINVAL);
    assertThat(futexes.wait(process, -4096, 0, true)).isEqualTo(-Errno.EFAULT);
    assertThat(futexes.wait(process, AT, 0, true)).isEqualTo(-Errno.EFAULT);
    assertThat(futexes.wait(process, AT, 0, false)).isEqualTo(-Errno.EFAULT);
    assertThat(futexes.wake(process, AT, 1, true)).as("a private wake reads nothing").isZero();
  }

  /**
   * generic_access_phys behind a debugger: device words yes, private copies no, read-only no write.
   */
  @Test
  void debuggersReachDeviceMemory() {
    AccessPhys physical = new AccessPhys(machine.kernel, machine.frames);
    VmOps ops =
        new VmOps() {
          @Override
          public boolean hasAccess() {
            return true;
          }

          @Override
          public int access(
              Vma vma, long address, byte[] buffer, int offset, int length, boolean write) {
            return physical.access(vma, address, buffer, offset, length, write);
          }
        };
    Vma shared =
        machine.map(
            mm, AT, 1, RW | VmFlags.VM_SHARED | VmFlags.VM_IO | VmFlags.VM_PFNMAP, ops, null);
    mm.pageTable.set(AT, Pte.mkSpecial(Pte.of(TestMachine.DEVICE_PFN, shared.pageProt)));
    assertThat(procMem().poke(mm, AT + 8, 123)).isZero();
    assertThat(machine.frames.loadWord(TestMachine.DEVICE_PFN, 8)).isEqualTo(123);
    assertThat(procMem().peek(mm, AT + 8)).isEqualTo(new Outcome.Value(123));

    Vma copied = machine.map(mm, AT + 4096, 1, RW | VmFlags.VM_IO | VmFlags.VM_PFNMAP, ops, null);
    copied.pgoff = TestMachine.DEVICE_PFN;
    mm.pageTable.set(AT + 4096, Pte.mkSpecial(Pte.of(TestMachine.DEVICE_PFN, copied.pageProt)));
    assertThat(procMem().peek(mm, AT + 4096 + 8)).isEqualTo(new Outcome.Value(123));
    assertThat(procMem().poke(mm, AT + 4096 + 8, 5)).isEqualTo(-Errno.EIO);
    assertThat(machine.access.store(mm, AT + 4096, (byte) 1)).isZero();
    assertThat(procMem().peek(mm, AT + 4096 + 8)).isEqualTo(new Outcome.Err(Errno.EIO));
  }
}
