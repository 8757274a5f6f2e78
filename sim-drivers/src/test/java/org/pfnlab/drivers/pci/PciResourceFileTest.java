package org.pfnlab.drivers.pci;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.Rig;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.lab.spec.KernelSpec;

class PciResourceFileTest {
  private static final int RW = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;
  private static final int EXEC = 4;

  private static Rig boot(String kernel) {
    return Rig.boot(KernelSpec.parse(kernel).profile(), ImmutableList.of());
  }

  /** kernel | first page, pages, protection | answer. */
  @ParameterizedTest
  @CsvSource({
    "v6.1.192, 0, 16384, 3, ok",
    "v6.1.192, 0, 16385, 3, EINVAL",
    "v6.1.192, 16383, 1, 3, ok",
    "v6.1.192, 16383, 2, 3, EINVAL",
    "v6.1.192, 16384, 1, 3, EINVAL",
    "v6.1.192, 0, 1, 5, EPERM",
  })
  void whatMayBeMapped(String kernel, long first, long pages, int prot, String expected) {
    Rig rig = boot(kernel);
    OpenFile file = new PciResourceFile(rig.machine, Bar.RECORDED, true).open(RW);
    long at = rig.map(file, first << 12, pages, prot, Rig.SHARED);
    assertThat(Rig.name(at)).isEqualTo(expected);
    if (expected.equals("ok")) {
      assertThat(rig.vma(at).pgoff).as("the page frame number").isEqualTo(0xf8000 + first);
      assertThat(Rig.name(rig.machine.syscalls().mprotect(rig.process, at, 4096, EXEC)))
          .as("sysfs is mounted noexec")
          .isEqualTo("EACCES");
    }
    rig.check();
  }

  /** A region that a driver claimed for itself may not be mapped, if checks are strict. */
  @ParameterizedTest
  @CsvSource({
    "v6.1.192, ok",
    "v6.1.192+STRICT_DEVMEM, EINVAL",
    "v5.11+STRICT_DEVMEM, EINVAL",
    "v6.18.2+STRICT_DEVMEM, EINVAL"
  })
  void exclusiveRegions(String kernel, String expected) {
    Rig rig = boot(kernel);
    rig.machine.iomem().requestMemRegionExclusive(0xf800_0000L, 0x10000, "driver");
    OpenFile file = new PciResourceFile(rig.machine, Bar.RECORDED, false).open(RW);
    assertThat(Rig.name(rig.map(file, 0, 4, Rig.RW, Rig.SHARED))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "v6.1.192, pcisysfs_resource2_wc, ok",
    "v6.1.192-X86_PAT, pcisysfs_resource2_wc, ENOENT",
    "v6.1.192-X86_PAT, pcisysfs_resource2, ok"
  })
  void writeCombiningNeedsPat(String kernel, String kind, String expected) {
    Rig rig = boot(kernel);
    long errno = KindCatalog.standard().find(kind).on(rig.machine).open(4).errno();
    assertThat(errno == 0 ? "ok" : Errno.name(errno)).isEqualTo(expected);
  }
}
