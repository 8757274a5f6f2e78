package org.pfnlab.drivers.toydma;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.dma.CmaArea;
import org.pfnlab.drivers.dma.DmaBuffer;
import org.pfnlab.drivers.dma.DmaDevice;
import org.pfnlab.drivers.kind.ObjectUnderTest;

/**
 * The driver: each open file maps one buffer, from its first page. Its mmap calls dma_mmap_* and
 * nothing else; its fault handler answers SIGBUS. Copies on write are not refused.
 */
public final class ToyDma {
  private final Machine machine;
  private final DmaDevice device;
  private final DmaApi api;
  private final FlagsAround around;
  private final AddressSpace mapping = AddressSpace.ofDevice();
  private final FileOps fileOps = new ToyDmaFileOps();
  private final VmOps vmOps = new ToyDmaVmOps();

  /**
   * Probes the device, and reserves the CMA area that its buffers come from.
   *
   * @param translated whether it sits behind an IOMMU
   */
  public ToyDma(Machine machine, DmaApi api, boolean translated, FlagsAround around) {
    this.machine = machine;
    this.device = new DmaDevice(machine, CmaArea.reserve(machine), translated);
    this.api = api;
    this.around = around;
  }

  /** A new buffer of zeros, or null without memory. */
  public @Nullable DmaBuffer alloc(int pages) {
    return api.alloc(device, pages);
  }

  /** Gives a buffer back; nobody may map it again. */
  public void free(DmaBuffer buffer) {
    device.free(buffer);
  }

  /** Opens the device file for a buffer. */
  public OpenFile open(DmaBuffer buffer, int mode) {
    OpenFile file = new OpenFile(fileOps, mapping, mode, "toydma");
    file.privateData = buffer;
    return file;
  }

  /** A buffer as an object under test, opened for reading and writing. */
  public ObjectUnderTest underTest(DmaBuffer buffer) {
    return new ToyDmaObject(machine, this, buffer);
  }

  /** unmap_mapping_range over the whole device file. */
  public void revoke(boolean evenCows) {
    machine.unmapMapping().range(mapping, 0, 0, evenCows);
  }

  /** The device. */
  public DmaDevice device() {
    return device;
  }

  private final class ToyDmaFileOps extends FileOps {
    @Override
    public long mmap(Vma vma) {
      OpenFile file = vma.file;
      if (file == null || !(file.privateData instanceof DmaBuffer buffer)) {
        return -Errno.EINVAL;
      }
      vma.ops = vmOps;
      around.before(vma);
      long failed = api.mmap(device, vma, buffer);
      return failed != 0 ? failed : around.after(vma);
    }
  }

  private static final class ToyDmaVmOps extends VmOps {
    @Override
    public boolean hasFault() {
      return true;
    }

    @Override
    public int fault(VmFault fault) {
      return VmFault.SIGBUS;
    }
  }
}
