package org.pfnlab.lab.replay.strace;

import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.vma.SpecialMapping;

/** [vdso], [vvar] and their like as a copy of /proc/pid/maps shows them; nobody touches them. */
final class KernelMapping extends SpecialMapping {
  KernelMapping(String name) {
    super(name);
  }

  @Override
  public int fault(VmFault fault) {
    return VmFault.SIGBUS;
  }
}
