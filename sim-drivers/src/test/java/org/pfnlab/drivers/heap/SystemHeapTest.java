package org.pfnlab.drivers.heap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.drivers.Rig;
import org.pfnlab.drivers.dmabuf.Attachment;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufs;
import org.pfnlab.drivers.dmabuf.SgTable;
import org.pfnlab.drivers.kind.ObjectUnderTest;

class SystemHeapTest {
  private static final int RW = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;

  private final Rig rig = Rig.boot("v6.1.192");
  private final DmaBufs dmaBufs = new DmaBufs(rig.machine.kernel());
  private final SystemHeap heap = new SystemHeap(rig.machine, dmaBufs);

  private SgTable blocks(DmaBuf buffer) {
    Attachment attachment = dmaBufs.attach(buffer, "gpu");
    SgTable table = dmaBufs.map(attachment);
    dmaBufs.unmap(attachment, table);
    dmaBufs.detach(attachment);
    return table;
  }

  /** Blocks of 256, 16 and 1 pages, never larger than what is left. */
  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "15, 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    "16, 16",
    "17, 16 1",
    "273, 256 16 1",
    "512, 256 256",
  })
  void takesTheLargestBlocksThatFit(long pages, String expected) {
    SgTable table = blocks(heap.allocate(pages << 12, RW));
    List<String> lengths = new ArrayList<>();
    for (int run = 0; run < table.runs(); run++) {
      lengths.add(Long.toString(table.pages(run)));
    }
    assertThat(String.join(" ", lengths)).isEqualTo(expected);
    rig.check();
  }

  @Test
  void roundsUpAndZeroes() {
    Frames frames = rig.machine.frames();
    long dirty = frames.alloc();
    frames.storeWord(dirty, 0, 0x5ec2e7);
    frames.storeWord(dirty, 0xff8, 0x5ec2e7);
    frames.put(dirty);
    DmaBuf buffer = heap.allocate(1, RW);
    assertThat(buffer.size()).isEqualTo(4096);
    long pfn = blocks(buffer).pfn(0);
    assertThat(pfn).as("the page just freed").isEqualTo(dirty);
    assertThat(frames.loadWord(pfn, 0)).isZero();
    assertThat(frames.loadWord(pfn, 0xff8)).isZero();
  }

  @Test
  void givesEverythingBackWhenMemoryRunsOut() {
    long free = rig.machine.frames().buddy().freePages();
    assertThat(heap.allocate((free + 1) << 12, RW)).isNull();
    assertThat(rig.machine.frames().buddy().freePages()).isEqualTo(free);
    rig.check();
  }

  /** One question to PAT a page, or one a block since v7.0. */
  @ParameterizedTest
  @CsvSource({"v5.11, 272", "v6.18.2, 272", "v7.0, 272"})
  void costOfMapping(String kernel, long lookups) {
    Rig other = Rig.boot(kernel);
    ObjectUnderTest object = other.open("dmaheap_system", 272);
    assertThat(other.count(Memtypes.LOOKUP, () -> other.map(object, 272, Rig.RW, Rig.SHARED)))
        .isEqualTo(lookups);
  }

  /** MAP_PRIVATE is refused by remap_pfn_range only, and so by accident: pages, offset | result. */
  @ParameterizedTest
  @CsvSource({
    "v6.1.192, 0, 1, ok",
    "v6.1.192, 3, 1, ok",
    "v6.1.192, 0, 2, EINVAL",
    "v7.0, 0, 16, ok",
    "v7.0, 2, 14, ok",
    "v7.0, 0, 17, EINVAL",
  })
  void privateMappingsDependOnTheBlocks(String kernel, long offset, long pages, String result) {
    Rig other = Rig.boot(kernel);
    ObjectUnderTest object = other.open("dmaheap_system", 32);
    long at = other.map(object.file(), offset << 12, pages, Rig.RW, Rig.PRIVATE);
    assertThat(Rig.name(at)).isEqualTo(result);
    if (result.equals("ok")) {
      assertThat(other.load(at)).isEqualTo(Long.toHexString(Rig.pattern(offset)));
      other.store(at, 7);
      assertThat(object.word(offset)).as("a copy was written").isEqualTo(Rig.pattern(offset));
    }
    other.check();
  }

  @Test
  void honoursTheOffsetAcrossBlocks() {
    Rig other = Rig.boot("v7.0");
    ObjectUnderTest object = other.open("dmaheap_system", 40);
    long at = other.map(object.file(), 14 << 12, 20, Rig.RW, Rig.SHARED);
    for (long page = 0; page < 20; page++) {
      assertThat(other.load(at + (page << 12))).isEqualTo(Long.toHexString(Rig.pattern(14 + page)));
    }
    other.check();
  }
}
