package org.pfnlab.core.pat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Errno;

/** Types by address, and what a CPU makes of them together with PAT. */
final class MtrrTest {
  private static final long GIB = 1L << 30;

  /** 0-4G WB, 3G-4G UC over it, 1M at 2G WT over it. */
  private static Mtrr layered() {
    return Mtrr.parse(
        """
        reg00: base=0x000000000 (    0MB), size= 4096MB, count=1: write-back
        reg01: base=0x0c0000000 ( 3072MB), size= 1024MB, count=1: uncachable
        reg03: base=0x080000000 ( 2048MB), size= 1024KB, count=2: write-through
        """);
  }

  @ParameterizedTest
  @CsvSource({
    "10000000, 10001000,  WB, true", // one range
    "c0000000, c0001000,  UC, false", // UC over WB
    "80000000, 80001000,  WT, false", // WT over WB
    "7ffff000, 80001000,  WT, false", // WB then WT
    "800ff000, 80101000,  WT, false", // WT then WB
    "bffff000, c0001000,  UC, false", // WB then UC
    "100000000, 100001000, WB, true", // the default
    "fffff000, 100001000, UC, false",
  })
  void typesOfRanges(String first, String behind, MtrrType type, boolean uniform) {
    long start = Long.parseLong(first, 16);
    long end = Long.parseLong(behind, 16);
    assertThat(layered().type(start, end)).isEqualTo(type);
    assertThat(layered().uniform(start, end)).isEqualTo(uniform);
  }

  @Test
  void theRecordedBarIsUncached() {
    Mtrr mtrr = Mtrr.parse(PatMachine.MTRR_TEXT);
    assertThat(mtrr.type(PatMachine.BAR, PatMachine.BAR + 4096)).isEqualTo(MtrrType.UC);
    assertThat(mtrr.type(PatMachine.RAM, PatMachine.RAM + 4096)).isEqualTo(MtrrType.WB);
    assertThat(mtrr.type(2 * GIB - 4096, 2 * GIB + 4096)).isEqualTo(MtrrType.UC);
    mtrr.setDefaultType(MtrrType.UC);
    assertThat(mtrr.type(PatMachine.RAM, PatMachine.RAM + 4096)).isEqualTo(MtrrType.UC);
  }

  @Test
  void fixedRangesRuleTheFirstMib() {
    Mtrr mtrr = Mtrr.of(MtrrType.WB, 8);
    assertThat(mtrr.type(0xa0000, 0xa1000)).isEqualTo(MtrrType.WB);
    mtrr.setFixed(0xa0000, 0xc0000, MtrrType.UC);
    mtrr.setFixed(0xc0000, 0xc1000, MtrrType.WP);
    assertThat(mtrr.type(0x9f000, 0xa1000)).as("the start decides").isEqualTo(MtrrType.WB);
    assertThat(mtrr.type(0xbf000, 0xc0000)).isEqualTo(MtrrType.UC);
    assertThat(mtrr.type(0xc0000, 0xc1000)).isEqualTo(MtrrType.WP);
    assertThat(mtrr.type(0x100000, 0x101000)).isEqualTo(MtrrType.WB);
    assertThat(mtrr.uniform(0xa0000, 0xa1000)).isFalse();
    assertThatThrownBy(() -> mtrr.setFixed(0xff000, 0x101000, MtrrType.UC))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void offMeansInvalid() {
    assertThat(Mtrr.disabled().type(0, 4096)).isEqualTo(MtrrType.INVALID);
    assertThat(Mtrr.disabled().uniform(0, 4096)).isFalse();
    assertThat(Mtrr.disabled().add(0, 4096, MtrrType.WC)).isEqualTo(-Errno.ENXIO);
  }

  @Test
  void addingAndDeleting() {
    Mtrr mtrr = layered();
    long base = 16 * GIB;
    assertThat(mtrr.add(base, 256 << 20, MtrrType.WC)).as("the first free register").isEqualTo(2);
    assertThat(mtrr.type(base, base + 4096)).isEqualTo(MtrrType.WC);
    assertThat(mtrr.add(base, 1 << 20, MtrrType.WC)).as("inside one of its type").isEqualTo(2);
    assertThat(mtrr.add(base, 1 << 20, MtrrType.WB)).isEqualTo(-Errno.EINVAL);
    assertThat(mtrr.add(base + 4096, 8192, MtrrType.WC)).as("misaligned").isEqualTo(-Errno.EINVAL);
    assertThat(mtrr.add(base, 12288, MtrrType.WC)).isEqualTo(-Errno.EINVAL);
    assertThat(mtrr.add(base, 2048, MtrrType.WC)).isEqualTo(-Errno.EINVAL);
    for (int i = 4; i < 8; i++) {
      assertThat(mtrr.add((i + 20) * GIB, GIB, MtrrType.WC)).isEqualTo(i);
    }
    assertThat(mtrr.add(64 * GIB, GIB, MtrrType.WC)).isEqualTo(-Errno.ENOSPC);
    assertThat(mtrr.del(2)).isEqualTo(2);
    assertThat(mtrr.type(base, base + 4096)).as("one user left").isEqualTo(MtrrType.WC);
    assertThat(mtrr.del(2)).isEqualTo(2);
    assertThat(mtrr.type(base, base + 4096)).isEqualTo(MtrrType.WB);
    assertThat(mtrr.del(2)).isEqualTo(-Errno.EINVAL);
    assertThat(mtrr.del(99)).isEqualTo(-Errno.EINVAL);
  }

  @ParameterizedTest
  @CsvSource({
    // PAT,    UC, WC, WT, WB
    "UC,       UC, UC, UC, UC",
    "UC_MINUS, UC, WC, UC, UC",
    "WC,       WC, WC, WC, WC",
    "WT,       UC, UC, WT, WT",
    "WB,       UC, WC, WT, WB",
    "WP,       UC, UC, WP, WP",
  })
  void patAndMtrrTogether(CacheMode pat, CacheMode uc, CacheMode wc, CacheMode wt, CacheMode wb) {
    assertThat(MtrrType.UC.effective(pat)).isEqualTo(uc);
    assertThat(MtrrType.WC.effective(pat)).isEqualTo(wc);
    assertThat(MtrrType.WT.effective(pat)).isEqualTo(wt);
    assertThat(MtrrType.WB.effective(pat)).isEqualTo(wb);
    assertThatThrownBy(() -> MtrrType.WP.effective(pat))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "reg00: base=0x080000000 ( 2048MB), size= 2048MB, count=1: cacheable",
        "reg00: base=0x08000000g ( 2048MB), size= 2048MB, count=1: uncachable",
        "reg00: base=0x080000000",
        "00000000-00000fff : Reserved",
        "reg99999: base=0x080000000 ( 2048MB), size= 2048MB, count=1: uncachable",
      })
  void otherTextIsRefused(String line) {
    assertThatThrownBy(() -> Mtrr.parse(PatMachine.MTRR_TEXT + line + "\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("line 2: expected a line of /proc/mtrr");
  }

  @Test
  void noRangesIsAMachineWithoutThem() {
    assertThat(Mtrr.parse("").type(PatMachine.BAR, PatMachine.BAR + 1)).isEqualTo(MtrrType.WB);
    assertThat(Mtrr.parse(PatMachine.MTRR_TEXT.replace("\n", "\r\n")).type(3 * GIB, 4 * GIB))
        .isEqualTo(MtrrType.UC);
  }
}
