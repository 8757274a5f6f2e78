package org.pfnlab.drivers.devmem;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.Rig;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.lab.spec.KernelSpec;

class DevMemTest {
  private static final int RW = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;

  /**
   * What may be mapped: kernel, first page, pages, answer, cache mode and flags of the entry. This
   * machine has no MTRRs, so nothing makes the BAR uncached.
   */
  @ParameterizedTest
  @CsvSource({
    "v6.1.192, 0xf8000, 4, ok, WB special w",
    "v6.1.192, 0xfec00, 1, ok, WB special w",
    "v6.1.192, 0x10000, 1, EINVAL, none",
    "v6.18.2, 0x10000, 1, ok, WB special w",
    "v6.1.192, 0x80, 1, ok, WB special w",
    "v6.1.192, 0xff, 2, EINVAL, none",
    "v6.1.192-X86_PAT, 0x10000, 1, ok, WB special w",
    "v6.1.192+STRICT_DEVMEM, 0x10000, 1, EPERM, none",
    "v6.18.2+STRICT_DEVMEM, 0x10000, 1, EPERM, none",
    "v6.18.2+STRICT_DEVMEM, 0x80, 1, ok, WB special w",
    "v6.18.2+STRICT_DEVMEM, 0xf8000, 1, ok, WB special w",
    "v6.1.192, 0xffffffffff, 1, ok, WB special w",
    "v6.1.192, 0xffffffffff, 2, EINVAL, none",
  })
  void whatMayBeMapped(String kernel, String first, long pages, String expected, String entry) {
    KernelProfile profile = KernelSpec.parse(kernel).profile();
    Rig rig = Rig.boot(profile, ImmutableList.of());
    OpenFile file = new DevMem(rig.machine).open(RW, false);
    long at = rig.map(file, Long.decode(first) << 12, pages, Rig.RW, Rig.SHARED);
    assertThat(Rig.name(at)).isEqualTo(expected);
    if (!entry.equals("none")) {
      assertThat(rig.entry(at)).isEqualTo(entry);
      assertThat(rig.machine.kernel().log().lines()).isEmpty();
    }
    rig.check();
  }

  /** Before v6.16 each page is looked up in the resource tree. */
  @ParameterizedTest
  @CsvSource({"v5.11, 16", "v6.1.192, 16", "v6.18.2, 0", "v6.18.2+STRICT_DEVMEM, 16"})
  void looksAtEveryPage(String kernel, long times) {
    Rig rig = Rig.boot(KernelSpec.parse(kernel).profile(), ImmutableList.of());
    OpenFile file = new DevMem(rig.machine).open(RW, false);
    assertThat(
            rig.count(
                ResourceTree.REGION_INTERSECTS,
                () -> rig.map(file, 0xf800_0000L, 16, Rig.RW, Rig.SHARED)))
        .isEqualTo(times);
  }

  @Test
  void findsAHoleInRam() {
    Machine machine =
        new Machine(
            MachineConfig.of(KernelProfile.of("v6.1.192"))
                .withIomem(
                    """
                    00001000-0009ffff : System RAM
                    00100000-07ffffff : System RAM
                    0a000000-0fffffff : System RAM
                    """));
    ObjectUnderTest object = KindCatalog.standard().find("devmem_ram_hole").on(machine).open(4);
    assertThat(object.errno()).isZero();
    assertThat(object.offset()).isEqualTo(0x0800_0000L);
    assertThat(object.target(0x8001).page()).isEqualTo(1);
    object.close();
  }
}
