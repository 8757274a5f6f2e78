package org.pfnlab.core.pat;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/** Modes as bits, and the bits of all eight slots as modes. */
final class PageAttributeTableTest {
  @ParameterizedTest
  @CsvSource({
    // mode,   FULL PAT PCD PWT, ERRATA, POWER_ON
    "WB,       000, 000, 000",
    "WC,       001, 001, 010",
    "UC_MINUS, 010, 010, 010",
    "UC,       011, 011, 011",
    "WT,       111, 010, 001",
    "WP,       101, 010, 010",
  })
  void bitsOfModes(CacheMode mode, String full, String errata, String powerOn) {
    assertThat(slot(PageAttributeTable.FULL.bits(mode))).isEqualTo(full);
    assertThat(slot(PageAttributeTable.ERRATA.bits(mode))).isEqualTo(errata);
    assertThat(slot(PageAttributeTable.POWER_ON.bits(mode))).isEqualTo(powerOn);
  }

  @ParameterizedTest
  @CsvSource({
    "000, WB,       WB,       WB",
    "001, WC,       WC,       WT",
    "010, UC_MINUS, UC_MINUS, UC_MINUS",
    "011, UC,       UC,       UC",
    "100, WB,       WB,       WB",
    "101, WP,       WC,       WT",
    "110, UC_MINUS, UC_MINUS, UC_MINUS",
    "111, WT,       UC,       UC",
  })
  void modesOfBits(String slot, CacheMode full, CacheMode errata, CacheMode powerOn) {
    long entry = entry(slot, 7) | 0x8000_0000_0000_0063L;
    long leaf = entry(slot, 12) | 0x8000_0000_0000_00e3L; // bit 7 is PSE
    assertThat(PageAttributeTable.FULL.mode(entry)).isEqualTo(full);
    assertThat(PageAttributeTable.ERRATA.mode(entry)).isEqualTo(errata);
    assertThat(PageAttributeTable.POWER_ON.mode(entry)).isEqualTo(powerOn);
    assertThat(PageAttributeTable.FULL.largeMode(leaf)).isEqualTo(full);
  }

  @ParameterizedTest
  @EnumSource
  void everyModeComesBack(CacheMode mode) {
    PageAttributeTable table = PageAttributeTable.FULL;
    assertThat(table.mode(table.bits(mode))).isEqualTo(mode);
    assertThat(table.largeMode(table.largeBits(mode))).isEqualTo(mode);
    assertThat(table.bits(mode) & ~PageAttributeTable.CACHE_MASK).isZero();
    assertThat(table.largeBits(mode) & ~PageAttributeTable.CACHE_MASK_LARGE).isZero();
    assertThat(CacheMode.of(mode.value())).isEqualTo(mode);
  }

  @Test
  void whatTheKernelPrintsAtBoot() {
    assertThat(PageAttributeTable.FULL.bootLine())
        .isEqualTo("x86/PAT: Configuration [0-7]: WB  WC  UC- UC  WB  WP  UC- WT  ");
    assertThat(PageAttributeTable.FULL.msr()).isEqualTo(0x0407050600070106L);
  }

  @Test
  void aKernelWithoutPatKeepsWhatTheCpuStartedWith() {
    KernelProfile profile = KernelProfile.of("v6.1");
    assertThat(PageAttributeTable.of(new Kernel(profile))).isSameAs(PageAttributeTable.FULL);
    assertThat(PageAttributeTable.of(new Kernel(profile.without(Arch.X86_PAT))))
        .isSameAs(PageAttributeTable.POWER_ON);
  }

  private static String slot(long bits) {
    return "" + (bits >> 7 & 1) + (bits >> 4 & 1) + (bits >> 3 & 1);
  }

  private static long entry(String slot, int patBit) {
    int bits = Integer.parseInt(slot, 2);
    return (bits & 3L) << 3 | (bits >> 2L) << patBit;
  }
}
