package org.pfnlab.core.file;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;

/**
 * A TCP socket mapped for zero-copy receiving (net/ipv4/tcp.c, tcp_mmap): a read-only VM_MIXEDMAP
 * VMA that stays empty until data comes, which it never does here.
 */
final class TcpSocket extends KernelPages {
  private final VmOps vmOps = new VmOps() {};

  TcpSocket(Frames frames, Register register) {
    super(frames, register, 0);
  }

  @Override
  public long mmap(Vma vma) {
    if (vma.hasAny(VmFlags.VM_WRITE | VmFlags.VM_EXEC)) {
      return -Errno.EPERM;
    }
    vma.flags &= ~(VmFlags.VM_MAYWRITE | VmFlags.VM_MAYEXEC);
    vma.flags |= VmFlags.VM_MIXEDMAP;
    vma.ops = vmOps;
    return 0;
  }
}
