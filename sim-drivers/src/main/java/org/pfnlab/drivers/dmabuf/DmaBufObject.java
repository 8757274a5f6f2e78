package org.pfnlab.drivers.dmabuf;

import java.util.function.LongUnaryOperator;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Opened;

/** A dma-buf under test: mapped from its first page through its own descriptor. */
public final class DmaBufObject extends ObjectUnderTest {
  private final Machine machine;
  private final DmaBuf buffer;
  private final LongUnaryOperator frameOf;
  private final Runnable closeExporter;

  /**
   * An object that owns the descriptor's reference.
   *
   * @param frameOf the page frame that holds a page of the buffer, or -1
   * @param closeExporter closes what else user space holds, such as the exporting device's file
   */
  public DmaBufObject(
      Machine machine, DmaBuf buffer, LongUnaryOperator frameOf, Runnable closeExporter) {
    this.machine = machine;
    this.buffer = buffer;
    this.frameOf = frameOf;
    this.closeExporter = closeExporter;
  }

  @Override
  public OpenFile file() {
    return buffer.file();
  }

  @Override
  public long offset() {
    return 0;
  }

  @Override
  public long pages() {
    return buffer.size() >>> 12;
  }

  /** A dma-buf has no path to be opened through. */
  @Override
  public Opened reopen(int mode) {
    return Opened.refused(-Errno.ENXIO);
  }

  @Override
  public long word(long page) {
    long pfn = frameOf.applyAsLong(page);
    return pfn < 0 ? 0 : machine.frames().loadWord(pfn, 0);
  }

  @Override
  public void close() {
    DmaBufs.put(buffer);
    closeExporter.run();
  }
}
