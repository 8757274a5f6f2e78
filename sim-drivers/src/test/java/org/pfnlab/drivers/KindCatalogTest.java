package org.pfnlab.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import org.junit.jupiter.api.Test;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;

class KindCatalogTest {
  private static Kind kind(String name) {
    return new Kind(
        name,
        "nothing",
        "nowhere",
        ImmutableList.of(),
        (machine, placement) -> pages -> ObjectUnderTest.refused(-Errno.ENXIO));
  }

  @Test
  void knowsEveryKindByName() {
    KindCatalog catalog = KindCatalog.standard();
    assertThat(catalog.names()).contains("mod_a_bar_remap_wc", "dmaheap_system", "amdgpu_vram");
    assertThat(catalog.find("mod_c_bar_iomap_prefault")).isNotNull();
    assertThat(catalog.find("mod_z")).isNull();
    assertThat(catalog.kinds()).hasSameSizeAs(catalog.names());
    assertThat(catalog.kinds())
        .allSatisfy(
            each -> {
              assertThat(each.about()).isNotBlank();
              assertThat(each.symbol()).isNotBlank();
              assertThat(each.features()).extracting(Feature::origin).doesNotContain("");
            });
  }

  @Test
  void refusesTwoKindsOfOneNameAndOddNames() {
    assertThatThrownBy(() -> KindCatalog.of(ImmutableList.of(kind("a_b"), kind("a_b"))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> KindCatalog.of(ImmutableList.of(kind("A-b"))))
        .hasMessageContaining("lower case with underscores");
  }

  /** A kind that cannot be made says so before anything else is asked of it. */
  @Test
  void anObjectThatCouldNotBeMade() {
    Rig rig = Rig.boot("v6.1.192");
    ObjectUnderTest object = kind("mine").on(rig.machine).open(4);
    assertThat(object.errno()).isEqualTo(-Errno.ENXIO);
    assertThatThrownBy(object::file).hasMessageContaining("ask errno() first");
    object.close();
  }

  /** Resetting a machine forgets its drivers; probing again gives the same answers. */
  @Test
  void everyKindSurvivesAReset() {
    for (Kind each : KindCatalog.standard().kinds()) {
      Rig rig = Rig.boot("v6.18.2");
      String first = use(rig, each);
      rig.machine.reset();
      rig.process = rig.machine.newProcess();
      assertThat(use(rig, each)).as(each.name()).isEqualTo(first);
      rig.check();
    }
  }

  private static String use(Rig rig, Kind kind) {
    ObjectUnderTest object = kind.on(rig.machine).open(4);
    if (object.errno() != 0) {
      return Errno.name(object.errno());
    }
    long at = rig.map(object, 4, Rig.RW, Rig.SHARED);
    if (Errno.isError(at)) {
      return Errno.name(at);
    }
    return rig.flags(at) + rig.store(at, 1) + rig.entry(at);
  }
}
