package org.pfnlab.drivers.udmabuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.file.FileSystem;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.drivers.Rig;
import org.pfnlab.drivers.dmabuf.DmaBufs;
import org.pfnlab.drivers.dmabuf.PageArray;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.lab.spec.KernelSpec;

class UdmabufTest {
  /** Size of the memfd in pages, its seals, offset and size asked for in bytes, the answer. */
  @ParameterizedTest
  @CsvSource({
    "4, 2, 0, 16384, ok",
    "4, 2, 4096, 8192, ok",
    "4, 0, 0, 16384, EINVAL",
    "4, 10, 0, 16384, EINVAL",
    "4, 2, 1, 16384, EINVAL",
    "4, 2, 0, 4097, EINVAL",
    "4, 2, 0, 0, EINVAL",
    "4, 2, 0, 20480, EINVAL",
    "16385, 2, 0, 67112960, EINVAL",
  })
  void create(long pages, int seals, long offset, long size, String expected) {
    assertThat(created("v6.1.192", pages, seals, offset, size)).isEqualTo(expected);
  }

  /** Sealed against shrinking, and against mappings that can write. */
  @ParameterizedTest
  @CsvSource({
    "v5.11, ok",
    "v6.1.121, ok",
    "v6.1.192, EINVAL",
    "v6.18.2, EINVAL",
    "v6.18.2-UDMABUF_DENIES_FUTURE_WRITE, ok",
  })
  void futureWrites(String kernel, String expected) {
    assertThat(created(kernel, 4, 18, 0, 16384)).isEqualTo(expected);
  }

  private static String created(String kernel, long pages, int seals, long offset, long size) {
    Rig rig = Rig.boot(KernelSpec.parse(kernel).profile(), ImmutableList.of());
    FileSystem files = rig.machine.files();
    Udmabuf device = new Udmabuf(rig.machine, new DmaBufs(rig.machine.kernel()));
    OpenFile memfd = files.memfd("u", pages << 12);
    files.addSeals(memfd, seals);
    Udmabuf.Created created = device.create(memfd, offset, size);
    rig.check();
    return created instanceof Udmabuf.Created.Refused refused ? Errno.name(refused.errno()) : "ok";
  }

  @Test
  void takesMemfdsOnly() {
    Rig rig = Rig.boot("v6.1.192");
    Udmabuf device = new Udmabuf(rig.machine, new DmaBufs(rig.machine.kernel()));
    OpenFile file = rig.machine.files().regular("f", 4096);
    assertThat(device.create(file, 0, 4096)).isEqualTo(new Udmabuf.Created.Refused(-Errno.EBADFD));
  }

  /** How many pages the first touch maps, and how often that asks PAT. */
  @ParameterizedTest
  @CsvSource({
    "v5.11, 1, 0",
    "v6.1.192, 1, 0",
    "v6.1.192+cma-udmabuf-pfnmap, 1, 1",
    "v6.18.2, 16, 16"
  })
  void firstTouch(String kernel, int pages, long lookups) {
    Rig rig = Rig.boot(kernel);
    ObjectUnderTest object = rig.open("udmabuf", 16);
    long at = rig.map(object, 16, Rig.RW, Rig.SHARED);
    assertThat(rig.count(Memtypes.LOOKUP, () -> rig.load(at + 0x3000))).isEqualTo(lookups);
    assertThat(rig.present(at, 16)).isEqualTo(pages);
    rig.check();
  }

  /** Who holds the pages: a reference each, or a pin each. */
  @ParameterizedTest
  @CsvSource({"v5.11, false", "v6.1.192, false", "v6.18.2, true"})
  void pinsItsPages(String kernel, boolean pinned) {
    Rig rig = Rig.boot(kernel);
    FileSystem files = rig.machine.files();
    Udmabuf device = new Udmabuf(rig.machine, new DmaBufs(rig.machine.kernel()));
    OpenFile memfd = files.memfd("u", 4 << 12);
    files.addSeals(memfd, 2);
    Udmabuf.Created.Buffer buffer = (Udmabuf.Created.Buffer) device.create(memfd, 0, 4 << 12);
    long pfn = memfd.mapping.page(0);
    assertThat(rig.machine.frames().maybePinned(pfn)).isEqualTo(pinned);
    memfd.put();
    rig.check();
    buffer.dmaBuf().file().put();
    assertThat(rig.machine.frames().refcount(pfn)).isZero();
    rig.check();
  }

  /** The mapping grew past the buffer's end; 5.11 takes whatever lies behind its array. */
  @ParameterizedTest
  @CsvSource({"v5.11, true", "v6.1.192, false"})
  void beyondTheEnd(String kernel, boolean readsBehind) {
    Rig rig = Rig.boot(kernel);
    ObjectUnderTest object = rig.open("udmabuf", 4);
    long at = rig.map(object, 4, Rig.RW, Rig.SHARED);
    rig.machine.syscalls().mremap(rig.process, at, 4 << 12, 8 << 12, 0, 0);
    if (readsBehind) {
      assertThatThrownBy(() -> rig.load(at + 0x7000)).isSameAs(PageArray.READ_BEHIND);
    } else {
      assertThat(rig.load(at + 0x7000)).isEqualTo("SIGBUS/BUS_ADRERR");
    }
    rig.check();
  }
}
