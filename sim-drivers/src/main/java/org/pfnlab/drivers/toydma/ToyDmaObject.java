package org.pfnlab.drivers.toydma;

import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.dma.DmaBuffer;
import org.pfnlab.drivers.kind.FileObject;
import org.pfnlab.drivers.kind.Opened;
import org.pfnlab.drivers.kind.PteTarget;

/** A DMA buffer under test; it lives as long as the device. */
final class ToyDmaObject extends FileObject {
  private final Machine machine;
  private final ToyDma driver;
  private final DmaBuffer buffer;

  ToyDmaObject(Machine machine, ToyDma driver, DmaBuffer buffer) {
    super(driver.open(buffer, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE), 0, buffer.pages());
    this.machine = machine;
    this.driver = driver;
    this.buffer = buffer;
  }

  @Override
  public Opened reopen(int mode) {
    return Opened.of(driver.open(buffer, mode));
  }

  @Override
  public long revoke(boolean evenCows) {
    driver.revoke(evenCows);
    return 0;
  }

  @Override
  public long word(long page) {
    return machine.frames().loadWord(buffer.pfn((int) page), 0);
  }

  @Override
  public PteTarget target(long pfn) {
    for (int page = 0; page < buffer.pages(); page++) {
      if (buffer.pfn(page) == pfn) {
        return PteTarget.dma(page);
      }
    }
    return PteTarget.OTHER;
  }
}
