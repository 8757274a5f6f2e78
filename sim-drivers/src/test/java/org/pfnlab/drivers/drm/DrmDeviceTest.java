package org.pfnlab.drivers.drm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.Rig;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufs;

class DrmDeviceTest {
  private static final int RW = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;

  private final Rig rig = Rig.boot("v6.1.192");
  private final DrmDevice drm = new DrmDevice(rig.machine, "card0");
  private final ShmemHelper helper = new ShmemHelper(drm, false);
  private final DumbBuffer buffer = new DumbBuffer(drm.open(RW), helper.create(8));

  /**
   * pages into the node, pages mapped | result; an offset must be exact, a length may be shorter.
   */
  @ParameterizedTest
  @CsvSource({"0, 8, ok", "0, 3, ok", "0, 9, EINVAL", "1, 1, EINVAL", "8, 1, EINVAL"})
  void findsObjectsByTheirFakeOffset(long skip, long pages, String result) {
    long at = rig.map(buffer.file(), buffer.offset() + (skip << 12), pages, Rig.RW, Rig.SHARED);
    assertThat(Rig.name(at)).isEqualTo(result);
    rig.check();
  }

  @Test
  void checksInOrder() {
    OpenFile other = drm.open(RW);
    assertThat(map(other, 0)).as("no such offset").isEqualTo("EINVAL");
    assertThat(map(other, buffer.offset())).as("not this file's").isEqualTo("EACCES");
    drm.unplug();
    assertThat(map(other, 0)).as("unplugged comes first").isEqualTo("ENODEV");
    assertThat(buffer.object().device().isUnplugged()).isTrue();
  }

  private String map(OpenFile file, long offset) {
    return Rig.name(rig.map(file, offset, 1, Rig.RW, Rig.SHARED));
  }

  @Test
  void fakeOffsetsBeginBehindThirtyTwoBits() {
    assertThat(buffer.offset()).isEqualTo(0x1_0000_0000L);
    assertThat(new DumbBuffer(drm.open(RW), helper.create(1)).offset()).isEqualTo(0x1_0000_8000L);
  }

  @Test
  void mappingsKeepObjectsAndForkAndSplitCountThem() {
    long at = rig.map(buffer, 8, Rig.RW, Rig.SHARED);
    rig.store(at, 5);
    long child = rig.machine.syscalls().fork(rig.process);
    rig.munmap(at + 0x2000, 2);
    buffer.close();
    rig.check();
    assertThat(rig.load(at)).isEqualTo("5");
    rig.munmap(at, 8);
    rig.check();
    rig.process = rig.machine.processes().get((int) child);
    assertThat(rig.load(at)).isEqualTo("5");
    assertThat(rig.load(at + 0x2000)).isEqualTo("0");
    rig.machine.syscalls().exit(rig.process);
    rig.check();
    assertThat(drm.lookup(0x100000, 1)).as("freed with the last mapping").isNull();
  }

  /** The exported file shares the device's address space: revocation finds its mappings. */
  @Test
  void revocationReachesExportedMappings() {
    GemObject object = helper.create(4);
    DmaBuf exported = GemPrime.export(object, RW, GemPrime::mmap);
    long at = rig.map(exported.file(), 0, 4, Rig.RW, Rig.SHARED);
    rig.store(at, 1);
    drm.unmap(object.node(), 0, 4);
    assertThat(rig.present(at, 4)).isZero();
    assertThat(rig.load(at)).isEqualTo("1");
    DmaBufs.put(exported);
    object.put();
    rig.munmap(at, 4);
    rig.check();
  }

  @Test
  void anObjectIsPutOnceTooOften() {
    GemObject object = helper.create(1);
    object.put();
    assertThatThrownBy(object::put).hasMessageContaining("freed GEM object");
  }

  /** drm_mm against a plain array, some thousand steps. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void lowestHoleFirst(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    DrmMm mm = new DrmMm(100, 64);
    boolean[] taken = new boolean[64];
    TreeMap<Long, Integer> nodes = new TreeMap<>();
    for (int step = 0; step < 3000; step++) {
      String at = "seed " + seed + " step " + step;
      if (random.nextInt(3) > 0) {
        int pages = 1 + random.nextInt(12);
        long got = mm.insert(pages);
        int want = hole(taken, pages);
        assertThat(got).as(at).isEqualTo(want < 0 ? -1 : 100 + want);
        if (want >= 0) {
          mark(taken, want, pages, true);
          nodes.put(got, pages);
        }
      } else if (!nodes.isEmpty()) {
        Long start = nodes.floorKey(100 + (long) random.nextInt(64));
        long node = start == null ? nodes.firstKey() : start;
        mm.remove(node);
        mark(taken, (int) node - 100, nodes.remove(node), false);
      }
    }
    assertThatThrownBy(() -> mm.remove(99)).hasMessageContaining("no node starts");
  }

  private static int hole(boolean[] taken, int pages) {
    int free = 0;
    for (int i = 0; i < taken.length; i++) {
      free = taken[i] ? 0 : free + 1;
      if (free == pages) {
        return i - pages + 1;
      }
    }
    return -1;
  }

  private static void mark(boolean[] taken, int first, int pages, boolean value) {
    for (int i = 0; i < pages; i++) {
      taken[first + i] = value;
    }
  }
}
