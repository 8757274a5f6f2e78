package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.vma.MapFlags.MAP_ANONYMOUS;
import static org.pfnlab.core.vma.MapFlags.MAP_FIXED;
import static org.pfnlab.core.vma.MapFlags.MAP_PRIVATE;
import static org.pfnlab.core.vma.MapFlags.PROT_READ;
import static org.pfnlab.core.vma.MapFlags.PROT_WRITE;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.KernelLog;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.task.Process;

/**
 * A debugger writes into a private mapping of raw frames: the copy is read through the address, in
 * the debugger's own address space.
 */
class ForeignCowTest {
  private static final long AT = 0x4000_0000L;
  private static final byte[] ONE = {9};

  private Machine machine = new Machine(MachineConfig.of(KernelProfile.of("v6.18.2")));
  private Process target = machine.newProcess();

  private void boot(String version) {
    machine = new Machine(MachineConfig.of(KernelProfile.of(version)));
    target = machine.newProcess();
  }

  /** Two pages, whose bytes are 0x30 and 0x31. */
  private void map() {
    OpenFile file = SpecialKind.X.open(machine, 2);
    int flags = MAP_PRIVATE | MAP_FIXED;
    machine.syscalls().mmap(target, AT, 8192, PROT_READ, flags, file, 0);
    file.put();
  }

  private String bytes(long address) {
    return Long.toHexString(machine.userAccess().load(target.mm, address))
        + " "
        + Long.toHexString(machine.userAccess().load(target.mm, address + 1));
  }

  @ParameterizedTest
  @CsvSource({
    "v5.11, wp_page_copy",
    "v6.1.192, wp_page_copy",
    "v6.18.2, __wp_page_copy_user",
  })
  void aStrangerCopiesNothingAndTheKernelSaysSoOnce(String version, String symbol) {
    boot(version);
    map();
    machine.enter(machine.newProcess());
    assertThat(machine.procMem().write(target.mm, AT, ONE, 1)).isEqualTo(1);
    assertThat(bytes(AT)).isEqualTo("9 0");
    assertThat(machine.procMem().write(target.mm, AT + 4096, ONE, 1)).isEqualTo(1);
    assertThat(machine.kernel().log().lines()).hasSize(1);
    assertThat(machine.kernel().log().lines().get(0)).startsWith("WARNING: in " + symbol + ":");
    Invariants.check(machine);
  }

  @Test
  void oneselfCopiesWhatIsThere() {
    map();
    machine.enter(target);
    assertThat(machine.procMem().write(target.mm, AT, ONE, 1)).isEqualTo(1);
    assertThat(bytes(AT)).isEqualTo("9 30");
    assertThat(machine.kernel().log().lines()).isEmpty();
  }

  @Test
  void somebodyElsesBytesAtTheSameAddressAreTaken() {
    map();
    Process other = machine.newProcess();
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    machine.syscalls().mmap(other, AT, 4096, PROT_READ | PROT_WRITE, flags, null, 0);
    machine.userAccess().store(other.mm, AT + 1, (byte) 0x77);
    assertThat(machine.procMem().write(target.mm, AT, ONE, 1)).isEqualTo(1);
    assertThat(bytes(AT)).isEqualTo("9 77");
  }

  @Test
  void evenOneselfCannotReadThroughProtNone() {
    map();
    machine.userAccess().load(target.mm, AT);
    machine.syscalls().mprotect(target, AT, 4096, 0);
    assertThat(machine.procMem().write(target.mm, AT, ONE, 1)).isEqualTo(1);
    machine.syscalls().mprotect(target, AT, 4096, PROT_READ);
    assertThat(bytes(AT)).isEqualTo("9 0");
    assertThat(machine.kernel().log().warnings()).isEqualTo(1);
  }

  @Test
  void whatWasSaidOnceInABootIsNotSaidAgain() {
    KernelLog earlier = new KernelLog();
    earlier.warnOnce("symbol", "condition");
    KernelLog later = new KernelLog();
    later.continueFrom(earlier);
    assertThat(later.warnOnce("symbol", "condition")).isFalse();
    assertThat(later.lines()).isEmpty();
    assertThat(later.warnOnce("symbol", "another")).isTrue();
  }
}
