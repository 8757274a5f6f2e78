package org.pfnlab.drivers.heap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.kernel.KernelHang;
import org.pfnlab.core.task.Pipe;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.Rig;
import org.pfnlab.drivers.dmabuf.PageArray;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.ObjectUnderTest;

class CmaHeapTest {
  private static final int LONGTERM = GupFlags.FOLL_PIN | GupFlags.FOLL_LONGTERM;

  /**
   * A mapping that grew past the buffer's end: {@code AAAA} becomes {@code AAAABBBB}, and B0 is the
   * page that the check of old forgot (CVE-2024-46852).
   */
  @ParameterizedTest
  @CsvSource({
    "v5.11, 3, 1111222233330003",
    "v5.11, 4, READ_BEHIND",
    "v5.11, 5, SIGBUS/BUS_ADRERR",
    "v6.1.0, 4, READ_BEHIND",
    "v6.1.192, 4, SIGBUS/BUS_ADRERR",
    "v6.1.192, 5, SIGBUS/BUS_ADRERR",
  })
  void checksTheIndex(String kernel, long page, String expected) {
    Rig rig = Rig.boot(kernel);
    ObjectUnderTest object = rig.open("dmaheap_cma", 4);
    long at = rig.map(object, 4, Rig.RW, Rig.SHARED);
    assertThat(rig.machine.syscalls().mremap(rig.process, at, 4 << 12, 8 << 12, 0, 0))
        .isEqualTo(at);
    if (expected.equals("READ_BEHIND")) {
      assertThatThrownBy(() -> rig.load(at + (page << 12))).isSameAs(PageArray.READ_BEHIND);
    } else {
      assertThat(rig.load(at + (page << 12))).isEqualTo(expected);
    }
    rig.check();
  }

  /** Raw frames may not grow: DONTEXPAND. */
  @Test
  void rawFramesDoNotGrow() {
    Rig rig = Rig.boot("v6.18.2");
    ObjectUnderTest object = rig.open("dmaheap_cma", 4);
    long at = rig.map(object, 4, Rig.RW, Rig.SHARED);
    assertThat(Rig.name(rig.machine.syscalls().mremap(rig.process, at, 4 << 12, 8 << 12, 0, 0)))
        .isEqualTo("EFAULT");
  }

  /** Pages of a CMA area cannot be pinned for long where they are, nor leave it. */
  @ParameterizedTest
  @CsvSource({"v5.11, 1", "v6.1.192, spins", "v6.18.2, -14"})
  void longTermPins(String kernel, String expected) {
    Rig rig = Rig.boot(kernel);
    ObjectUnderTest object = rig.open("dmaheap_cma", 4);
    long at = rig.map(object, 4, Rig.RW, Rig.SHARED);
    rig.load(at);
    long[] page = new long[1];
    if (expected.equals("spins")) {
      assertThatThrownBy(() -> rig.machine.gupSlow().get(rig.process.mm, at, 1, LONGTERM, page))
          .isInstanceOf(KernelHang.class);
    } else {
      long got = rig.machine.gupSlow().get(rig.process.mm, at, 1, LONGTERM, page);
      assertThat(got).isEqualTo(Long.parseLong(expected));
      rig.machine.pins().release(page, (int) Math.max(got, 0), LONGTERM, false);
    }
    rig.check();
  }

  /** free_contig_range complains of a page in a pipe; the page stays what it was. */
  @Test
  void warnsOfPagesThatOutliveTheBuffer() {
    Rig rig = Rig.boot("v6.1.192");
    ObjectUnderTest object = rig.open("dmaheap_cma", 4);
    long at = rig.map(object, 4, Rig.RW, Rig.SHARED);
    Pipe pipe = rig.machine.pipes().create(Pipe.DEFAULT_BUFFERS);
    rig.machine.pipes().vmsplice(rig.process.mm, at, 4096, pipe);
    rig.munmap(at, 4);
    object.close();
    assertThat(rig.machine.kernel().log().lines())
        .containsExactly(
            "1 pages are still in use!",
            "WARNING: in free_contig_range: a page of a freed run has other references");
    rig.check();
    byte[] bytes = new byte[4096];
    assertThat(rig.machine.pipes().read(pipe, bytes, 4096)).isEqualTo(4096);
    assertThat(bytes[4]).isEqualTo((byte) 0x22);
    rig.check();
  }

  /** One run whatever its length, and the area's 64 MiB can be used again and again. */
  @ParameterizedTest
  @CsvSource({"1", "3", "257", "1024", "1025", "5000", "16384"})
  void takesOneRun(long pages) {
    Rig rig = Rig.boot("v6.1.192");
    Device device = KindCatalog.standard().find("dmaheap_cma").on(rig.machine);
    for (int i = 0; i < 5; i++) {
      ObjectUnderTest object = device.open(pages);
      rig.fill(object, pages);
      long at = rig.map(object, pages, Rig.RW, Rig.SHARED);
      assertThat(rig.load(at + ((pages - 1) << 12)))
          .isEqualTo(Long.toHexString(Rig.pattern(pages - 1)));
      rig.check();
      rig.munmap(at, pages);
      object.close();
      rig.check();
    }
  }

  @Test
  void runsOut() {
    Rig rig = Rig.boot("v6.1.192");
    Device device = KindCatalog.standard().find("dmaheap_cma").on(rig.machine);
    assertThat(device.open(16385).errno()).isEqualTo(-12);
    assertThat(device.open(16383).errno()).isZero();
    assertThat(device.open(2).errno()).isEqualTo(-12);
    assertThat(device.open(1).errno()).isZero();
    rig.check();
  }
}
