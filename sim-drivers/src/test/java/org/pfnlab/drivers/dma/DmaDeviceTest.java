package org.pfnlab.drivers.dma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import it.unimi.dsi.fastutil.longs.LongArrayList;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.drivers.Rig;

class DmaDeviceTest {
  private final Rig rig = Rig.boot("v6.1.192");
  private final CmaArea cma = CmaArea.reserve(rig.machine);

  private DmaBuffer alloc(DmaDevice device, String how, int pages) {
    DmaBuffer buffer =
        switch (how) {
          case "coherent" -> device.allocAttrs(pages, 0);
          case "wc" -> device.allocAttrs(pages, DmaAttrs.WRITE_COMBINE);
          case "contiguous" -> device.allocAttrs(pages, DmaAttrs.FORCE_CONTIGUOUS);
          case "pages" -> device.allocPages(pages);
          default -> device.allocNoncontiguous(pages);
        };
    return Objects.requireNonNull(buffer);
  }

  /** How, behind an IOMMU or not | runs, where the kernel sees it, CMA memory, bus is physical. */
  @ParameterizedTest
  @CsvSource({
    "coherent, false, 1, LINEAR, true, true",
    "coherent, true, 1025, VMALLOC, false, false",
    "wc, true, 1025, VMALLOC, false, false",
    "contiguous, true, 1, LINEAR, true, false",
    "pages, true, 1, NONE, true, false",
    "pages, false, 1, NONE, true, true",
    "noncontiguous, false, 1, NONE, true, true",
    "noncontiguous, true, 1025, NONE, false, false",
  })
  void layout(
      String how, boolean translated, int runs, String cpu, boolean fromCma, boolean physical) {
    takeEveryOtherPage();
    DmaDevice device = new DmaDevice(rig.machine, cma, translated);
    DmaBuffer buffer = alloc(device, how, 1025);
    assertThat(buffer.runs()).isEqualTo(runs);
    assertThat(buffer.cpuAddress()).hasToString(cpu);
    assertThat(rig.machine.frames().has(buffer.pfn(0), Frames.CMA)).isEqualTo(fromCma);
    assertThat(buffer.dmaAddress() == buffer.pfn(0) << 12).isEqualTo(physical);
    device.free(buffer);
    assertThat(cma.freePages()).isEqualTo(16384);
    assertThatThrownBy(() -> device.free(buffer)).isInstanceOf(IllegalArgumentException.class);
  }

  /** Nothing is left that lies side by side, but in the CMA area. */
  private void takeEveryOtherPage() {
    Frames frames = rig.machine.frames();
    LongArrayList all = new LongArrayList();
    for (long pfn = frames.alloc(); pfn >= 0; pfn = frames.alloc()) {
      all.add(pfn);
    }
    for (long pfn : all) {
      if (pfn % 2 == 0) {
        frames.put(pfn);
      }
    }
  }

  /** Behind an IOMMU memory comes in blocks of 2 MiB while there are any. */
  @Test
  void takesLargeBlocksFirst() {
    DmaDevice device = new DmaDevice(rig.machine, cma, true);
    DmaBuffer buffer = alloc(device, "coherent", 1030);
    assertThat(buffer.pfn(511)).isEqualTo(buffer.pfn(0) + 511);
    assertThat(buffer.pfn(0) % 512).isZero();
    assertThat(buffer.pfn(512) % 512).isZero();
    rig.check();
    device.free(buffer);
    rig.check();
  }

  @Test
  void singlePagesAreNotTakenFromTheCmaArea() {
    DmaDevice device = new DmaDevice(rig.machine, cma, false);
    DmaBuffer page = alloc(device, "coherent", 1);
    assertThat(rig.machine.frames().has(page.pfn(0), Frames.CMA)).isFalse();
    rig.check();
    device.free(page);
    rig.check();
  }

  @Test
  void saysWhenThereIsNoMemory() {
    DmaDevice direct = new DmaDevice(rig.machine, cma, false);
    assertThat(direct.allocAttrs(16385, 0)).isNull();
    DmaDevice translated = new DmaDevice(rig.machine, cma, true);
    long free = rig.machine.frames().buddy().freePages();
    assertThat(translated.allocAttrs((int) free + 1, 0)).isNull();
    assertThat(rig.machine.frames().buddy().freePages()).isEqualTo(free);
    rig.check();
  }
}
