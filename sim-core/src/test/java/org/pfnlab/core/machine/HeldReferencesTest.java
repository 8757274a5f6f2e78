package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pfnlab.core.vma.MapFlags.MAP_ANONYMOUS;
import static org.pfnlab.core.vma.MapFlags.MAP_FIXED;
import static org.pfnlab.core.vma.MapFlags.MAP_PRIVATE;
import static org.pfnlab.core.vma.MapFlags.PROT_READ;
import static org.pfnlab.core.vma.MapFlags.PROT_WRITE;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.task.Pipe;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.task.RegisteredBuffers;

/** References outside of page tables, the zero page's among them, through fork and exit. */
class HeldReferencesTest {
  private static final long AT = 0x10_0000_0000L;

  private static Machine boot(String version) {
    return new Machine(MachineConfig.of(KernelProfile.of(version)));
  }

  private static Process map(Machine machine) {
    Process process = machine.newProcess();
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    machine.syscalls().mmap(process, AT, 16384, PROT_READ | PROT_WRITE, flags, null, 0);
    machine.userAccess().store(process.mm, AT, (byte) 1);
    return process;
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2"})
  void pipesAndPinsAreCounted(String version) {
    Machine machine = boot(version);
    Process parent = map(machine);
    Pipe pipe = machine.pipes().create(Pipe.DEFAULT_BUFFERS);
    assertThat(machine.pipes().vmsplice(parent.mm, AT, 8192, pipe)).isEqualTo(8192);
    Invariants.check(machine);
    RegisteredBuffers.Ring ring = machine.registeredBuffers().setup();
    assertThat(machine.registeredBuffers().register(parent.mm, ring, AT, 12288)).isZero();
    Invariants.check(machine);
    Process child = machine.processes().get((int) machine.syscalls().fork(parent));
    Invariants.check(machine);
    machine.userAccess().store(child.mm, AT, (byte) 2);
    machine.userAccess().store(parent.mm, AT, (byte) 3);
    Invariants.check(machine);
    byte[] bytes = new byte[4096];
    assertThat(machine.registeredBuffers().write(ring, AT, bytes, 4096)).isEqualTo(4096);
    assertThat(bytes[0]).as("the parent keeps the pinned frame").isEqualTo((byte) 3);
    machine.syscalls().exit(parent);
    Invariants.check(machine);
    machine.pipes().close(pipe);
    machine.registeredBuffers().close(ring);
    machine.syscalls().exit(child);
    Invariants.check(machine);
  }

  @Test
  void canaryOfALostReference() {
    Machine machine = boot("v6.18.2");
    Process process = map(machine);
    Pipe pipe = machine.pipes().create(Pipe.DEFAULT_BUFFERS);
    machine.pipes().vmsplice(process.mm, AT + 4096, 4096, pipe);
    assertThatCode(() -> Invariants.check(machine)).doesNotThrowAnyException();
    machine.frames().put(machine.frames().zeroPfn());
    assertThatThrownBy(() -> Invariants.check(machine)).isInstanceOf(IllegalStateException.class);
  }
}
