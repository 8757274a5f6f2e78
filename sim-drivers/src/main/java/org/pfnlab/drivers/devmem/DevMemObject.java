package org.pfnlab.drivers.devmem;

import java.util.function.LongFunction;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.kind.FileObject;
import org.pfnlab.drivers.kind.Opened;
import org.pfnlab.drivers.kind.PteTarget;

/** A range of physical memory under test. */
final class DevMemObject extends FileObject {
  private final Machine machine;
  private final DevMem devMem;
  private final long pfn;
  private final LongFunction<PteTarget> target;

  DevMemObject(
      Machine machine,
      DevMem devMem,
      boolean sync,
      long pfn,
      long pages,
      LongFunction<PteTarget> target) {
    super(devMem.open(OpenFile.FMODE_READ | OpenFile.FMODE_WRITE, sync), pfn << 12, pages);
    this.machine = machine;
    this.devMem = devMem;
    this.pfn = pfn;
    this.target = target;
  }

  /** O_SYNC belongs to the description, not to the file. */
  @Override
  public Opened reopen(int mode) {
    return Opened.of(devMem.open(mode, false));
  }

  @Override
  public long word(long page) {
    return machine.frames().loadWord(pfn + page, 0);
  }

  @Override
  public PteTarget target(long frame) {
    return target.apply(frame);
  }
}
