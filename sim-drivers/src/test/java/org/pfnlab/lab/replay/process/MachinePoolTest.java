package org.pfnlab.lab.replay.process;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;

class MachinePoolTest {
  private final MachineConfig config = MachineConfig.of(KernelProfile.of("v6.18.44"));
  private final MachinePool pool = new MachinePool();

  @Test
  void keepsWhatIsGivenBackAndMakesItAsGoodAsNew() {
    Machine first = pool.take(config);
    first.newProcess();
    pool.giveBack();
    assertThat(pool.take(MachineConfig.of(KernelProfile.of("v6.18.44")))).isSameAs(first);
    assertThat(first.processes()).isEmpty();
  }

  @Test
  void bootsAnotherIfTheLastIsStillInUseOrWasBroken() {
    Machine first = pool.take(config);
    Machine second = pool.take(config);
    assertThat(second).isNotSameAs(first);
    pool.giveBack();
    assertThat(pool.take(config)).isSameAs(second);
  }

  @Test
  void bootsAnotherForAnotherConfiguration() {
    Machine first = pool.take(config);
    pool.giveBack();
    assertThat(pool.take(config.withReadAheadPages(7))).isNotSameAs(first);
  }
}
