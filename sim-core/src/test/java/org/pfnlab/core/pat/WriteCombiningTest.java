package org.pfnlab.core.pat;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelProfile;

/** What drivers reserve at load. */
final class WriteCombiningTest {
  private static final long HIGH_BAR = 0x1_0000_0000L;

  private final PatMachine machine = new PatMachine("v6.1.192");
  private final PatMachine noPat = new PatMachine(KernelProfile.of("v6.1").without(Arch.X86_PAT));

  @Test
  void reservesTheWholeBarOnce() {
    assertThat(machine.writeCombining.ioReserve(PatMachine.BAR, PatMachine.BAR_SIZE)).isZero();
    assertThat(machine.list()).isEqualTo("0-16384:WC");
    machine.writeCombining.ioFree(PatMachine.BAR, PatMachine.BAR_SIZE);
    assertThat(machine.list()).isEmpty();
  }

  @Test
  void adoptsAnOlderReservationWithoutAWord() {
    machine.reserve(0, 16, CacheMode.UC_MINUS, true);
    assertThat(machine.writeCombining.ioReserve(PatMachine.BAR, PatMachine.BAR_SIZE)).isZero();
    assertThat(machine.list()).isEqualTo("0-16:UC- 0-16384:UC-");
    assertThat(machine.kernel.log().lines()).isEmpty();
  }

  @Test
  void isBusyWhereTheOlderOneIsCached() {
    machine.memtypes.restore(PatMachine.BAR, PatMachine.BAR + 4096, CacheMode.WB);
    assertThat(machine.writeCombining.ioReserve(PatMachine.BAR, PatMachine.BAR_SIZE))
        .isEqualTo(-Errno.EBUSY);
    assertThat(machine.list()).as("its own was freed again").isEqualTo("0-1:WB");
  }

  @Test
  void warnsOnceOfARangeOverSeveralBars() {
    long size = PatMachine.BAR_SIZE + 4096;
    assertThat(machine.writeCombining.ioReserve(PatMachine.BAR, size)).isZero();
    assertThat(machine.writeCombining.ioReserve(PatMachine.BAR, size)).isZero();
    assertThat(machine.kernel.log().warnings()).isEqualTo(1);
  }

  @Test
  void withPatTheMtrrsStayAlone() {
    assertThat(machine.writeCombining.physAdd(PatMachine.BAR, PatMachine.BAR_SIZE)).isZero();
    machine.writeCombining.physDelete(0);
    assertThat(machine.mtrr.type(PatMachine.BAR, PatMachine.BAR + 4096)).isEqualTo(MtrrType.UC);
  }

  @Test
  void withoutPatAnMtrrIsAdded() {
    assertThat(noPat.writeCombining.ioReserve(PatMachine.BAR, PatMachine.BAR_SIZE)).isZero();
    assertThat(noPat.memtypes.count()).isZero();
    long handle = noPat.writeCombining.physAdd(HIGH_BAR, 1 << 28);
    assertThat(handle).isEqualTo(1001);
    assertThat(noPat.mtrr.type(HIGH_BAR, HIGH_BAR + 4096)).isEqualTo(MtrrType.WC);
    assertThat(MtrrType.WC.effective(CacheMode.UC_MINUS))
        .as("a UC- mapping is WC then")
        .isEqualTo(CacheMode.WC);
    noPat.writeCombining.physDelete(handle);
    assertThat(noPat.mtrr.type(HIGH_BAR, HIGH_BAR + 4096)).isEqualTo(MtrrType.WB);
  }

  @Test
  void aFailedMtrrIsSaid() {
    assertThat(noPat.writeCombining.physAdd(HIGH_BAR, 3 << 20)).isEqualTo(-Errno.EINVAL);
    assertThat(noPat.kernel.log().lines())
        .containsExactly(
            "Failed to add WC MTRR for [100000000-1002fffff]; performance may suffer.");
  }
}
