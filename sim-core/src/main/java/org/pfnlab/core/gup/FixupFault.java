package org.pfnlab.core.gup;

import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/**
 * fixup_user_fault: faults one page in as its owner would, for futexes, KVM and vfio. It does not
 * ask check_vma_flags, so it works on VM_PFNMAP memory.
 */
public final class FixupFault {
  /** fixup_user_fault calls. */
  public static final Event CALLED = Event.define("gup.fixup_user_fault", "fixup_user_fault");

  private final Meter meter;
  private final FaultHandler faults;
  private final ExpandStack stack;
  private final boolean growsStack;

  /** Faults in by the rules of this kernel. */
  public FixupFault(Kernel kernel, FaultHandler faults, ExpandStack stack) {
    this.meter = kernel.meter;
    this.faults = faults;
    this.stack = stack;
    this.growsStack = !kernel.has(GupSlow.GUP_LEAVES_STACK);
  }

  /**
   * Makes the page at this address present for the access; mmap_lock is held by the caller.
   *
   * @return 0, -EFAULT (no VMA, no permission, the fault failed), -ENOMEM
   */
  public long fix(Mm mm, long address, boolean write) {
    meter.count(CALLED);
    Vma vma = growsStack ? stack.find(mm, address) : mm.vmas.lookup(address);
    if (vma == null || !vma.has(write ? VmFlags.VM_WRITE : VmFlags.VM_READ)) {
      return -Errno.EFAULT;
    }
    int flags = VmFault.FLAG_REMOTE | (write ? VmFault.FLAG_WRITE : 0);
    int result = faults.handleMmFault(vma, address, flags);
    return (result & VmFault.ERROR) != 0 ? GupSlow.errno(result, false) : 0;
  }
}
