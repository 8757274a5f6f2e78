package org.pfnlab.core.file;

import org.pfnlab.core.insert.PteInserter;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;

/**
 * The receive ring of an AF_PACKET socket (net/packet/af_packet.c, packet_mmap): all of it at once,
 * shared or private, by vm_insert_page, which leaves VM_MIXEDMAP as the only special flag.
 */
final class PacketRing extends KernelPages {
  private final PteInserter inserter;
  private final VmOps vmOps = new RingOps();

  /** A ring of one-page blocks. */
  PacketRing(Frames frames, Register register, PteInserter inserter, int blocks) {
    super(frames, register, blocks);
    this.inserter = inserter;
  }

  @Override
  public long mmap(Vma vma) {
    if (vma.pgoff != 0 || vma.pages() != pfns.length) {
      return -Errno.EINVAL;
    }
    for (int i = 0; i < pfns.length; i++) {
      long failed = inserter.vmInsertPage(vma, vma.start + ((long) i << 12), pfns[i]);
      if (failed != 0) {
        return failed;
      }
    }
    vma.ops = vmOps;
    return 0;
  }

  /** packet_mmap_ops: open and close count mappings. */
  private static final class RingOps extends VmOps {
    @Override
    public boolean hasClose() {
      return true;
    }
  }
}
