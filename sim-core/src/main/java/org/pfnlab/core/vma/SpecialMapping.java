package org.pfnlab.core.vma;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;

/**
 * vm_special_mapping and special_mapping_vmops (mm/mmap.c): what the kernel itself maps into every
 * process, the vDSO for one. Such a VMA has no file but is not anonymous either; it has a name,
 * cannot be expanded, merged or split, and can be moved, protected and unmapped as a whole.
 *
 * <p>Its close operation does nothing and is there so that nothing merges; there is no access
 * operation, so a debugger sees what get_user_pages can reach.
 */
public abstract class SpecialMapping extends VmOps {
  private final String name;

  /** A mapping that /proc/pid/maps shows by this name. */
  protected SpecialMapping(String name) {
    this.name = name;
  }

  /**
   * _install_special_mapping: maps this at the address.
   *
   * @param length bytes, whole pages
   * @param flags VM_* bits; VM_DONTEXPAND and the default flags of the address space are added
   * @return 0, or -ENOMEM if something is mapped there already
   */
  public final long install(Mm mm, long address, long length, long flags) {
    if (mm.vmas.intersection(address, address + length) != null) {
      return -Errno.ENOMEM;
    }
    long all = flags | mm.defFlags | VmFlags.VM_DONTEXPAND;
    // VM_LOCKED never stays on a special VMA.
    Vma vma = new Vma(mm, address, address + length, 0, all & ~VmFlags.VM_LOCKED_MASK);
    vma.ops = this;
    mm.vmas.insert(vma);
    mm.totalVm += vma.pages();
    return 0;
  }

  /** fault of the mapping itself: {@link VmFault#page} with a reference, or VM_FAULT_* bits. */
  @Override
  public abstract int fault(VmFault fault);

  @Override
  public final boolean hasFault() {
    return true;
  }

  @Override
  public final @Nullable String name(Vma vma) {
    return name;
  }

  /** special_mapping_split. */
  @Override
  public final long maySplit(Vma vma, long address) {
    return -Errno.EINVAL;
  }

  @Override
  public final boolean hasClose() {
    return true;
  }
}
