package org.pfnlab.core.pat;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Errno;

/** The modes of RAM: page flags, and no way to have the same mode twice. */
final class RamMemtypesTest {
  private final PatMachine machine = new PatMachine("v6.1.192");
  private final Memtypes memtypes = machine.memtypes;

  private long reserve(int first, int end, CacheMode want) {
    return memtypes.reserve(
        PatMachine.RAM + ((long) first << 12), PatMachine.RAM + ((long) end << 12), want, true);
  }

  private CacheMode lookup(int page) {
    return memtypes.lookup(PatMachine.RAM + ((long) page << 12));
  }

  @ParameterizedTest
  @CsvSource({
    // want,   granted,  pages afterwards
    "WB,       WB,       WB",
    "WC,       WC,       WC",
    "UC_MINUS, UC_MINUS, UC_MINUS",
    "UC,       UC_MINUS, UC_MINUS", // no strong UC
    "WT,       WT,       WT",
  })
  void freshPagesTakeAnyModeBut(CacheMode want, CacheMode granted, CacheMode afterwards) {
    assertThat(reserve(0, 4, want)).isEqualTo(granted.value());
    for (int page = 0; page < 4; page++) {
      assertThat(lookup(page)).isEqualTo(afterwards);
    }
    assertThat(lookup(4)).isEqualTo(CacheMode.WB);
    assertThat(memtypes.count()).as("RAM is not in the list").isZero();
    assertThat(machine.kernel.log().warnings()).isEqualTo(want == CacheMode.UC ? 1 : 0);
  }

  @Test
  void writeProtectedThereIsNot() {
    assertThat(reserve(0, 4, CacheMode.WP)).isEqualTo(-Errno.EINVAL);
    assertThat(lookup(0)).isEqualTo(CacheMode.WB);
  }

  @ParameterizedTest
  @CsvSource({"WC, WC", "WC, UC_MINUS", "UC_MINUS, WB", "WT, WC", "WC, UC"})
  void aPageThatIsNotWriteBackIsBusyForEverybody(CacheMode present, CacheMode want) {
    reserve(2, 3, present);
    assertThat(reserve(0, 4, want)).isEqualTo(-Errno.EBUSY);
    assertThat(lookup(0)).as("nothing was set").isEqualTo(CacheMode.WB);
    CacheMode asked = want == CacheMode.UC ? CacheMode.UC_MINUS : want;
    assertThat(machine.kernel.log().lines())
        .contains(
            "x86/PAT: reserve_ram_pages_type failed [mem 0x10000000-0x10003fff], track 0x"
                + (present.value() + ", req 0x" + asked.value()));
  }

  @Test
  void freeingMakesWriteBack() {
    reserve(0, 4, CacheMode.WC);
    assertThat(memtypes.free(PatMachine.RAM + 4096, PatMachine.RAM + 8192)).isZero();
    assertThat(lookup(0)).isEqualTo(CacheMode.WC);
    assertThat(lookup(1)).isEqualTo(CacheMode.WB);
    assertThat(reserve(1, 2, CacheMode.UC_MINUS)).isEqualTo(CacheMode.UC_MINUS.value());
    assertThat(memtypes.free(PatMachine.RAM, PatMachine.RAM + (4 << 12))).isZero();
    assertThat(reserve(0, 4, CacheMode.WT)).isEqualTo(CacheMode.WT.value());
  }

  @Test
  void theMtrrsAreNotAsked() {
    machine.mtrr.setDefaultType(MtrrType.UC);
    assertThat(reserve(0, 1, CacheMode.WB)).isEqualTo(CacheMode.WB.value());
  }

  @Test
  void twoPassesOverThePagesAndOneWalk() {
    reserve(0, 16, CacheMode.WC);
    assertThat(machine.count(RamMemtypes.RESERVE)).isEqualTo(1);
    assertThat(machine.count(RamMemtypes.PAGE_READ)).isEqualTo(16);
    assertThat(machine.count(RamMemtypes.PAGE_SET)).isEqualTo(16);
    assertThat(machine.count(ResourceTree.NODE_VISITED)).isEqualTo(8);
    assertThat(machine.count(Memtypes.LOCK)).isZero();
    assertThat(reserve(8, 24, CacheMode.WC)).isEqualTo(-Errno.EBUSY);
    assertThat(machine.count(RamMemtypes.PAGE_READ)).as("it stops at the first").isEqualTo(17);
    memtypes.free(PatMachine.RAM, PatMachine.RAM + (16 << 12));
    assertThat(machine.count(RamMemtypes.FREE)).isEqualTo(1);
    assertThat(machine.count(RamMemtypes.PAGE_SET)).isEqualTo(32);
  }

  @Test
  void aTrailingHoleIsTakenForRam() {
    long start = PatMachine.RAM_HOLE - 4096;
    assertThat(memtypes.reserve(start, start + 8192, CacheMode.WC, true))
        .isEqualTo(CacheMode.WC.value());
    assertThat(machine.flags.type(PatMachine.RAM_HOLE >> 12)).isEqualTo(1);
    assertThat(memtypes.lookup(PatMachine.RAM_HOLE)).isEqualTo(CacheMode.UC_MINUS);
  }
}
