package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;

/** The heap: H heap, N a neighbour four pages behind start_brk. */
class BrkTest {
  private static final long HEAP = 0x5555_5555_a000L;
  private static final int FIXED =
      MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED;

  private final Machine machine = new Machine(MachineConfig.of(KernelProfile.of("v6.18.2")));
  private final Process process = machine.newProcess();

  @BeforeEach
  void begins() {
    process.mm.startBrk = HEAP;
    process.mm.brk = HEAP;
  }

  @AfterEach
  void nothingIsLost() {
    Invariants.check(machine);
  }

  private long brk(long wanted) {
    return machine.syscalls().brk(process, wanted);
  }

  private long map(long address, int pages, int flags) {
    return machine
        .syscalls()
        .mmap(process, address, (long) pages << 12, MapFlags.PROT_READ, flags, null, 0);
  }

  private String picture() {
    StringBuilder picture = new StringBuilder();
    for (long at = HEAP; at < HEAP + (5 << 12); at += 4096) {
      boolean mapped = process.mm.vmas.lookup(at) != null;
      picture.append(!mapped ? '.' : at < HEAP + (4 << 12) ? 'H' : 'N');
    }
    return picture.toString();
  }

  @ParameterizedTest
  @CsvSource({
    // heap before, wanted, answer, in bytes; pages then
    "0,      1,      1,      H...N",
    "0,      0x1000, 0x1000, H...N",
    "0,      0x1001, 0x1001, HH..N",
    "0x1001, 0x800,  0x800,  H...N",
    "0x3000, 0,      0,      ....N",
    // a page stays free below the neighbour
    "0,      0x3000, 0x3000, HHH.N",
    "0x1800, 0x3001, 0x1800, HH..N",
    // below start_brk, and beyond all addresses
    "0x2000, -1,     0x2000, HH..N",
    "0x2000, 0x7fffffffffffffff, 0x2000, HH..N",
  })
  void movesByBytesAndMapsByPages(String before, String wanted, String answer, String picture) {
    map(HEAP + (4 << 12), 1, FIXED);
    brk(HEAP + Long.decode(before));

    assertThat(brk(HEAP + Long.decode(wanted)) - HEAP).isEqualTo(Long.decode(answer));
    assertThat(picture()).isEqualTo(picture);
  }

  /** The heap may have one VMA more than the limit, as long as it is not over it already. */
  @ParameterizedTest
  @ValueSource(ints = {3, 4})
  void growsUpToTheMachinesLimit(int limit) {
    machine.setMaxMapCount(limit);
    for (int i = 0; i < 4; i++) {
      map(0x10_0000_0000L + (i << 13), 1, FIXED);
    }
    boolean over = process.mm.vmas.size() > limit;

    assertThat(brk(HEAP + 4096)).isEqualTo(over ? HEAP : HEAP + 4096);
  }

  @Test
  void lockedHeapsArePopulated() {
    machine.syscalls().mlockall(process, 2);
    brk(HEAP + (3 << 12));

    assertThat(process.mm.lockedVm).isEqualTo(3);
    assertThat(process.mm.anonRss).isEqualTo(3);
  }
}
