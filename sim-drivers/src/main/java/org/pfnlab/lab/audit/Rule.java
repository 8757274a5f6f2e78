package org.pfnlab.lab.audit;

import org.pfnlab.core.mm.VmFlags;

/** What was proposed to be required of every mapping of a dma-buf, once the exporter is done. */
public enum Rule {
  /** VM_PFNMAP, the rule of 2021. */
  PFNMAP("pfnmap", "VM_PFNMAP is set") {
    @Override
    public boolean holds(long flags) {
      return (flags & VmFlags.VM_PFNMAP) != 0;
    }
  },

  /** One of VM_SPECIAL, the rule's first version. */
  SPECIAL("special", "one of VM_IO, VM_DONTEXPAND, VM_PFNMAP, VM_MIXEDMAP is set") {
    @Override
    public boolean holds(long flags) {
      return (flags & VmFlags.VM_SPECIAL) != 0;
    }
  },

  /** VM_SHARED, as RDMA and vfio-pci want it. */
  SHARED("shared", "VM_SHARED is set, which a read-only descriptor cannot have") {
    @Override
    public boolean holds(long flags) {
      return (flags & VmFlags.VM_SHARED) != 0;
    }
  },

  /** VM_SHARED or VM_MAYSHARE, as the CMA heap and udmabuf want it. */
  MAYSHARE("mayshare", "VM_SHARED or VM_MAYSHARE is set") {
    @Override
    public boolean holds(long flags) {
      return (flags & (VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE)) != 0;
    }
  },

  /** No is_cow_mapping, as TTM and the shmem helper want it. */
  NOT_COW("not-cow", "it cannot be copied on write (is_cow_mapping)") {
    @Override
    public boolean holds(long flags) {
      return (flags & (VmFlags.VM_SHARED | VmFlags.VM_MAYWRITE)) != VmFlags.VM_MAYWRITE;
    }
  };

  private final String word;
  private final String about;

  Rule(String word, String about) {
    this.word = word;
    this.about = about;
  }

  /** Whether a mapping with these VM_* flags satisfies it. */
  public abstract boolean holds(long flags);

  /** What it requires, in words. */
  public String about() {
    return about;
  }

  /** Its name on the command line. */
  @Override
  public String toString() {
    return word;
  }
}
