package org.pfnlab.drivers.exporter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.drivers.Rig;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;

class ExporterKindsTest {
  private static final int PAGES = 8;

  static Stream<String> everyKindOnEveryKernel() {
    List<String> all = new ArrayList<>();
    for (String kernel : ImmutableList.of("v5.11", "v6.1.192", "v6.18.2")) {
      ExporterKinds.all().forEach(kind -> all.add(kernel + " " + kind.name()));
    }
    return all.stream();
  }

  private static Kind kind(String name) {
    for (Kind kind : ExporterKinds.all()) {
      if (kind.name().equals(name)) {
        return kind;
      }
    }
    throw new IllegalArgumentException(name);
  }

  /** Mappings keep the buffer; when the last one is gone, so is every page. */
  @ParameterizedTest
  @MethodSource("everyKindOnEveryKernel")
  void livesAsLongAsItsMappings(String program) {
    int space = program.indexOf(' ');
    Rig rig = Rig.boot(program.substring(0, space));
    Device device = kind(program.substring(space + 1)).on(rig.machine);
    long free = rig.machine.frames().buddy().freePages();
    ObjectUnderTest object = device.open(PAGES);
    if (object.errno() != 0) {
      assertThat(Errno.name(object.errno())).isEqualTo("ENODEV");
      return;
    }
    long at = rig.map(object, PAGES, Rig.RW, Rig.SHARED);
    if (Errno.isError(at)) {
      assertThat(Errno.name(at)).isIn("EINVAL", "ENODEV");
      object.close();
      rig.check();
      return;
    }
    for (long page = 0; page < PAGES; page++) {
      assertThat(rig.store(at + (page << 12), Rig.pattern(page))).isEqualTo("ok");
      assertThat(object.word(page)).isEqualTo(Rig.pattern(page));
    }
    assertThat(Rig.name(rig.map(object, PAGES + 1, Rig.RW, Rig.SHARED))).isEqualTo("EINVAL");
    object.close();
    rig.check();
    assertThat(rig.load(at + 0x7000)).as("the mapping keeps it").isEqualTo("1111222233330007");
    rig.munmap(at, PAGES);
    rig.check();
    assertThat(rig.machine.frames().buddy().freePages()).isEqualTo(free);
  }

  /** VM_PFNMAP, vmf_insert_pfn and nobody who refuses MAP_PRIVATE: the first touch is a BUG. */
  @ParameterizedTest
  @CsvSource({
    "msm_dmabuf, v6.1.192",
    "msm_dmabuf, v6.18.2",
    "i915_discrete_dmabuf, v6.1.192",
    "etnaviv_dmabuf, v6.18.2",
    "amdxdna_ubuf_dmabuf, v6.18.2"
  })
  void touchingAPrivateMappingIsABug(String name, String kernel) {
    Rig rig = Rig.boot(kernel);
    ObjectUnderTest object = kind(name).on(rig.machine).open(PAGES);
    long at = rig.map(object, PAGES, Rig.R, Rig.PRIVATE);
    assertThat(Errno.isError(at)).isFalse();
    assertThatThrownBy(() -> rig.load(at)).isInstanceOf(KernelBug.class);
  }

  /** What was a BUG is an ordinary copy where the driver inserts counted pages. */
  @ParameterizedTest
  @CsvSource({"msm_dmabuf, v5.11", "etnaviv_dmabuf, v6.1.192", "tegra_paged_dmabuf, v6.18.2"})
  void aPrivateMappingCopies(String name, String kernel) {
    Rig rig = Rig.boot(kernel);
    ObjectUnderTest object = kind(name).on(rig.machine).open(PAGES);
    rig.fill(object, PAGES);
    long at = rig.map(object, PAGES, Rig.RW, Rig.PRIVATE);
    assertThat(rig.store(at, 0x77)).isEqualTo("ok");
    assertThat(object.word(0)).isEqualTo(Rig.pattern(0));
    rig.check();
  }
}
