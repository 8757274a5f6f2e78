package org.pfnlab.drivers.dmabuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.Rig;

class DmaBufsTest {
  private static final int RW = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;

  private final Rig rig = Rig.boot("v6.1.192");
  private final DmaBufs core = new DmaBufs(rig.machine.kernel());
  private final List<String> calls = new ArrayList<>();

  /** Writes down what it is asked. */
  private class Exporter extends DmaBufOps {
    private final long mmapResult;

    Exporter(long mmapResult) {
      this.mmapResult = mmapResult;
    }

    @Override
    public long mmap(DmaBuf buffer, Vma vma) {
      calls.add("mmap @" + vma.pgoff);
      return mmapResult;
    }

    @Override
    public @Nullable SgTable map(Attachment attachment) {
      SgTable table = new SgTable();
      table.add(0x1000, 4);
      return table;
    }

    @Override
    public long beginCpuAccess(DmaBuf buffer, boolean write) {
      calls.add("begin");
      return 0;
    }

    @Override
    public long vmap(DmaBuf buffer) {
      calls.add("vmap");
      return 0;
    }

    @Override
    public void vunmap(DmaBuf buffer) {
      calls.add("vunmap");
    }

    @Override
    public void release(DmaBuf buffer) {
      calls.add("release");
    }
  }

  private final class Unmappable extends Exporter {
    Unmappable() {
      super(0);
    }

    @Override
    public boolean hasMmap() {
      return false;
    }
  }

  /** A driver whose own file maps a buffer from this page on. */
  private final class Importer extends FileOps {
    private final DmaBuf buffer;
    private final long pgoff;

    Importer(DmaBuf buffer, long pgoff) {
      this.buffer = buffer;
      this.pgoff = pgoff;
    }

    @Override
    public long mmap(Vma vma) {
      return core.mmap(buffer, vma, pgoff);
    }
  }

  private DmaBuf export(DmaBufOps ops) {
    return core.export(ops, 4 << 12, RW, null, null);
  }

  /** offset and length in pages of a 4-page buffer | result | whether the exporter was asked. */
  @ParameterizedTest
  @CsvSource({
    "0, 4, ok, mmap @0",
    "1, 3, ok, mmap @1",
    "0, 5, EINVAL,",
    "4, 1, EINVAL,",
    "3, 2, EINVAL,",
  })
  void checksTheSizeBeforeTheExporter(long offset, long pages, String result, String asked) {
    DmaBuf buffer = export(new Exporter(0));
    long at = rig.map(buffer.file(), offset << 12, pages, Rig.RW, Rig.SHARED);
    assertThat(Rig.name(at)).isEqualTo(result);
    assertThat(String.join(" ", calls)).isEqualTo(asked == null ? "" : asked);
  }

  @Test
  void refusesWithoutAnMmapOperation() {
    DmaBuf buffer = export(new Unmappable());
    assertThat(Rig.name(rig.map(buffer.file(), 0, 1, Rig.RW, Rig.SHARED))).isEqualTo("EINVAL");
    Vma vma = new Vma(rig.process.mm, Rig.BASE, Rig.BASE + 4096, 0, 0);
    assertThat(core.mmap(buffer, vma, 0)).isEqualTo(-Errno.EINVAL);
  }

  @Test
  void theOpenModeDecidesBeforeAnyDriver() {
    DmaBuf readOnly = core.export(new Exporter(0), 4096, OpenFile.FMODE_READ, null, null);
    assertThat(Rig.name(rig.map(readOnly.file(), 0, 1, Rig.RW, Rig.SHARED))).isEqualTo("EACCES");
    assertThat(calls).isEmpty();
  }

  @Test
  void aMappingKeepsTheBuffer() {
    DmaBuf buffer = export(new Exporter(0));
    long at = rig.map(buffer.file(), 0, 4, Rig.RW, Rig.SHARED);
    DmaBufs.put(buffer);
    assertThat(calls).containsExactly("mmap @0");
    rig.munmap(at, 4);
    assertThat(calls).containsExactly("mmap @0", "release");
  }

  @Test
  void aFailedMappingKeepsNothing() {
    DmaBuf buffer = export(new Exporter(-Errno.ENODEV));
    assertThat(Rig.name(rig.map(buffer.file(), 0, 4, Rig.RW, Rig.SHARED))).isEqualTo("ENODEV");
    assertThat(buffer.file().references()).isEqualTo(1);
    rig.check();
  }

  /** dma_buf_mmap: the VMA changes hands and offset. */
  @Test
  void aDriverHandsItsMappingOver() {
    DmaBuf buffer = export(new Exporter(0));
    OpenFile own = new OpenFile(new Importer(buffer, 2), AddressSpace.ofDevice(), RW, "importer");
    long at = rig.map(own, 0x7000, 2, Rig.RW, Rig.SHARED);
    assertThat(calls).containsExactly("mmap @2");
    assertThat(rig.vma(at).file).isSameAs(buffer.file());
    assertThat(rig.vma(at).pgoff).isEqualTo(2);
    assertThat(own.references()).isEqualTo(1);
    assertThat(buffer.file().references()).isEqualTo(2);
    rig.check();
    rig.munmap(at, 2);
    assertThat(buffer.file().references()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"3, 2, EINVAL", "-1, 2, EOVERFLOW"})
  void aHandedOverMappingIsCheckedFirst(long pgoff, long pages, String errno) {
    DmaBuf buffer = export(new Exporter(0));
    OpenFile own =
        new OpenFile(new Importer(buffer, pgoff), AddressSpace.ofDevice(), RW, "importer");
    assertThat(Rig.name(rig.map(own, 0, pages, Rig.RW, Rig.SHARED))).isEqualTo(errno);
    assertThat(own.references()).isEqualTo(1);
    assertThat(buffer.file().references()).isEqualTo(1);
  }

  @Test
  void onlyTheFirstAndLastKernelMappingReachTheExporter() {
    DmaBuf buffer = export(new Exporter(0));
    core.vmap(buffer);
    core.vmap(buffer);
    core.vunmap(buffer);
    assertThat(calls).containsExactly("vmap");
    core.vunmap(buffer);
    assertThat(calls).containsExactly("vmap", "vunmap");
    core.vmap(buffer);
    assertThatThrownBy(() -> DmaBufs.put(buffer)).isSameAs(DmaBufs.RELEASED_WHILE_VMAPPED);
  }

  @Test
  void attachmentsMapAndAreMissedAtTheEnd() {
    DmaBuf buffer = export(new Exporter(0));
    Attachment gpu = core.attach(buffer, "gpu");
    assertThat(gpu).isNotNull();
    SgTable table = core.map(gpu);
    assertThat(table).isNotNull();
    assertThat(gpu.mapped()).isEqualTo(1);
    core.unmap(gpu, table);
    assertThat(gpu.mapped()).isZero();
    DmaBufs.put(buffer);
    assertThat(rig.machine.kernel().log().warnings()).as("attachments remain").isEqualTo(1);
  }

  /** The exporter first, then a reader waits for writers and a writer for everybody. */
  @Test
  void cpuAccessWaitsForFences() {
    DmaBuf buffer = export(new Exporter(0));
    Fence write = new Fence();
    Fence read = new Fence();
    buffer.reservation().add(write, Reservation.Usage.WRITE);
    buffer.reservation().add(read, Reservation.Usage.READ);
    assertThat(core.beginCpuAccess(buffer, false)).isZero();
    assertThat(write.isSignalled()).isTrue();
    assertThat(read.isSignalled()).isFalse();
    buffer.reservation().interruptNextWait();
    assertThat(core.beginCpuAccess(buffer, true)).isEqualTo(-Reservation.ERESTARTSYS);
    assertThat(core.beginCpuAccess(buffer, true)).isZero();
    assertThat(read.isSignalled()).isTrue();
    assertThat(calls).containsOnly("begin");
  }

  @Test
  void aReservationIsOneLock() {
    Reservation lock = new Reservation(rig.machine.kernel().meter);
    assertThat(lock.tryLock()).isTrue();
    assertThatThrownBy(lock::tryLock).hasMessageContaining("locked already");
    lock.unlock();
    assertThatThrownBy(lock::unlock).hasMessageContaining("not locked");
    lock.holdElsewhere();
    assertThat(lock.tryLock()).isFalse();
    assertThat(lock.lockInterruptible()).as("waiting ends it").isZero();
    lock.unlock();
    lock.holdElsewhere();
    lock.interruptNextWait();
    assertThat(lock.lockInterruptible()).isEqualTo(-Reservation.ERESTARTSYS);
  }
}
