package org.pfnlab.drivers.toygpu;

import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.kind.BarPieces;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.FileObject;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Opened;
import org.pfnlab.drivers.kind.PteTarget;
import org.pfnlab.drivers.toygpu.ToyMapping.Memory;

/**
 * The toy GPU as the device of one kind. Each object on the BAR gets pages of its own, so that a
 * cache mode that one object leaks cannot meet the next one; all objects in system memory are the
 * same pages.
 */
final class ToyGpuDevice implements Device {
  private final Machine machine;
  private final ToyGpu gpu;
  private final ToyMapping how;
  private final boolean reserves;
  private final BarPieces barPieces;

  ToyGpuDevice(Machine machine, ToyGpu gpu, ToyMapping how, boolean reserves) {
    this.machine = machine;
    this.gpu = gpu;
    this.how = how;
    this.reserves = reserves;
    this.barPieces = new BarPieces(gpu.pages(Memory.BAR));
  }

  @Override
  public ObjectUnderTest open(long pages) {
    long errno = gpu.setIoMapping(reserves);
    if (errno != 0) {
      return ObjectUnderTest.refused(errno);
    }
    long first = how.memory() == Memory.BAR ? barPieces.take(pages) : 0;
    return new ToyObject(first);
  }

  private final class ToyObject extends FileObject {
    private final long first;

    ToyObject(long first) {
      super(
          gpu.open(how, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE),
          first << 12,
          gpu.pages(how.memory()) - first);
      this.first = first;
    }

    @Override
    public Opened reopen(int mode) {
      return Opened.of(gpu.open(how, mode));
    }

    @Override
    public long revoke(boolean evenCows) {
      gpu.revoke(evenCows);
      return 0;
    }

    @Override
    public long word(long page) {
      return machine.frames().loadWord(gpu.pfn(how.memory(), first + page), 0);
    }

    @Override
    public PteTarget target(long pfn) {
      return gpu.target(pfn, first);
    }
  }
}
