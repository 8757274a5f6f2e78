package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.vma.MapFlags.MAP_FIXED;
import static org.pfnlab.core.vma.MapFlags.MAP_PRIVATE;
import static org.pfnlab.core.vma.MapFlags.MAP_SHARED;
import static org.pfnlab.core.vma.MapFlags.PROT_READ;
import static org.pfnlab.core.vma.MapFlags.PROT_WRITE;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.task.UserAccess;
import org.pfnlab.core.vma.Mremap;

/** vDSO, its data, and the rings of io_uring, which kernels map each in their own way. */
class SpecialMappingTest {
  private static final long AT = 0x7000_0000_0000L;
  private static final int RW = PROT_READ | PROT_WRITE;

  private Machine machine = boot("v6.18.44");
  private Process process = machine.newProcess();

  private static Machine boot(String version) {
    return new Machine(MachineConfig.of(KernelProfile.of(version)));
  }

  private void start(String version) {
    machine = boot(version);
    process = machine.newProcess();
  }

  @AfterEach
  void nothingIsLost() {
    Invariants.check(machine);
    machine.reset();
    Invariants.check(machine);
  }

  private Vma named(String name) {
    for (int i = 0; i < process.mm.vmas.size(); i++) {
      Vma vma = process.mm.vmas.get(i);
      if (vma.ops != null && name.equals(vma.ops.name(vma))) {
        return vma;
      }
    }
    throw new AssertionError("no " + name);
  }

  private String letters(Vma vma) {
    return VmFlags.letters(vma.flags, machine.kernel());
  }

  /** Pages of [vvar] that there are: X in the picture. */
  @ParameterizedTest
  @CsvSource({"v5.11, X...", "v6.1.192, X...", "v6.18.2, X.X."})
  void theDataOfTheVdso(String version, String picture) {
    start(version);
    assertThat(machine.files().vdso().map(process.mm, AT)).isZero();
    Vma vvar = named("[vvar]");
    assertThat(letters(vvar)).isEqualTo("rd mr pf io de dd");
    StringBuilder seen = new StringBuilder();
    for (int i = 0; i < vvar.pages(); i++) {
      long got = machine.userAccess().load(process.mm, vvar.start + ((long) i << 12));
      seen.append(got >= 0 ? 'X' : '.');
      assertThat(got >= 0 || got == UserAccess.BUS_ADRERR).isTrue();
    }
    assertThat(seen.toString()).isEqualTo(picture);
    assertThat(machine.procMem().read(process.mm, vvar.start, new byte[1], 1))
        .isEqualTo(-Errno.EIO);
    assertThat(process.mm.fileRss).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2"})
  void theCodeOfTheVdso(String version) {
    start(version);
    machine.files().vdso().map(process.mm, AT);
    Vma vdso = named("[vdso]");
    assertThat(letters(vdso)).isEqualTo("rd ex mr mw me de");
    assertThat(machine.userAccess().load(process.mm, vdso.start)).isEqualTo(0x7f);
    assertThat(process.mm.fileRss).isEqualTo(1);
    Process child = machine.processes().get((int) machine.syscalls().fork(process));
    assertThat(child.mm.fileRss).as("left to faults").isZero();
    assertThat(machine.userAccess().load(child.mm, vdso.start)).isEqualTo(0x7f);
    // A debugger's breakpoint is a private copy.
    assertThat(machine.procMem().write(process.mm, vdso.start, new byte[] {3}, 1)).isEqualTo(1);
    assertThat(machine.userAccess().load(process.mm, vdso.start)).isEqualTo(3);
    assertThat(machine.userAccess().load(child.mm, vdso.start)).isEqualTo(0x7f);
  }

  @Test
  void aSpecialMappingIsMovedAndProtectedAsAWholeOnly() {
    machine.files().vdso().map(process.mm, AT);
    long at = named("[vdso]").start;
    Syscalls calls = machine.syscalls();
    int move = Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED;
    assertThat(calls.munmap(process, at, 4096)).isEqualTo(-Errno.EINVAL);
    assertThat(calls.mprotect(process, at, 4096, 0)).isEqualTo(-Errno.EINVAL);
    assertThat(calls.mremap(process, at, 4096, 4096, move, 0x1000_0000)).isEqualTo(-Errno.EINVAL);
    assertThat(calls.mremap(process, at, 8192, 12288, Mremap.MREMAP_MAYMOVE, 0))
        .isEqualTo(-Errno.EFAULT);
    assertThat(calls.mprotect(process, at, 8192, RW)).isZero();
    assertThat(calls.mremap(process, at, 8192, 8192, move, 0x1000_0000)).isEqualTo(0x1000_0000);
    assertThat(machine.userAccess().store(process.mm, 0x1000_0000, (byte) 1)).isZero();
    assertThat(calls.munmap(process, 0x1000_0000, 8192)).isZero();
    assertThat(machine.files().vdso().map(process.mm, AT)).isEqualTo(-Errno.ENOMEM);
  }

  private long ring(OpenFile file, long address, long pages, int flags, long offset) {
    int all = flags | (address == 0 ? 0 : MAP_FIXED);
    return machine.syscalls().mmap(process, address, pages << 12, RW, all, file, offset);
  }

  /** Where a mapping of a ring may be, how long, at which offset, and what it is made of. */
  @ParameterizedTest
  @CsvSource({
    "v5.11, rd wr sh mr mw ms pf io de ar dd, 0, EINVAL, EINVAL, EINVAL",
    "v6.1.192, rd wr sh mr mw ms pf io de ar dd, 0, EINVAL, EINVAL, EINVAL",
    "v6.18.2, rd wr sh mr mw ms de mm, EINVAL, 0, ENOMEM, 0",
  })
  void ringsOfIoUring(
      String version, String flags, String fixed, String longer, String badOffset, String odd) {
    start(version);
    OpenFile file = machine.files().ioUring("ring", 4);
    long sqes = ring(file, 0, 1, MAP_SHARED, 0x1000_0000);
    assertThat(letters(process.mm.vmas.get(0))).isEqualTo(flags);
    assertThat(machine.userAccess().store(process.mm, sqes, (byte) 9)).isZero();
    long rings = ring(file, 0, 1, MAP_SHARED, 0);
    assertThat(machine.userAccess().load(process.mm, rings)).as("another page").isZero();
    long again = ring(file, 0, 1, MAP_PRIVATE, 0x1000_0000);
    assertThat(machine.userAccess().load(process.mm, again)).isEqualTo(9);
    assertThat(name(ring(file, 0x5000_0000, 1, MAP_SHARED, 0x0800_0000))).isEqualTo(fixed);
    assertThat(name(ring(file, 0, 2, MAP_SHARED, 0))).isEqualTo(longer);
    assertThat(name(ring(file, 0, 1, MAP_SHARED, 0x8000_0000L))).isEqualTo(badOffset);
    assertThat(name(ring(file, 0, 1, MAP_SHARED, 4096))).isEqualTo(odd);
    file.put();
  }

  private static String name(long result) {
    return Errno.isError(result) ? Errno.name(result) : "0";
  }

  @Test
  void aLargeRingIsOnePieceOfMemoryForOldKernels() {
    for (String version : new String[] {"v5.11", "v6.18.2"}) {
      start(version);
      OpenFile file = machine.files().ioUring("ring", 256);
      long sqes = ring(file, 0, 4, MAP_PRIVATE, 0x1000_0000);
      for (long page = 0; page < 4; page++) {
        assertThat(machine.userAccess().store(process.mm, sqes + (page << 12), (byte) 1)).isZero();
      }
      assertThat(process.mm.anonRss).isEqualTo(4);
      file.put();
      Invariants.check(machine);
    }
  }

  /** Seen through a mapping that may be written but not read, where only the VMA knows better. */
  @ParameterizedTest
  @CsvSource({"v6.1.192, 4096", "v6.18.2, 4096", "v6.18.44, EFAULT"})
  void pagesWithoutAMappingAreLeftToTheSlowPath(String version, String expected) {
    start(version);
    OpenFile file = machine.files().packetRing("ring", 1);
    long at = machine.syscalls().mmap(process, 0, 4096, RW, MAP_SHARED, file, 0);
    machine.syscalls().mprotect(process, at, 4096, PROT_WRITE);
    long done = machine.directIo().write(process.mm, at, new byte[4096], 4096);
    assertThat(Errno.isError(done) ? Errno.name(done) : Long.toString(done)).isEqualTo(expected);
    file.put();
  }
}
