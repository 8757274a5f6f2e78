package org.pfnlab.core.task;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;

/**
 * Ways of filling entries, each as a driver or filesystem does it, without the rooms that do it.
 */
public enum TestKind {
  /** Anonymous memory; shared, it is shmem. */
  ANON,
  /** vm_insert_page of system pages at mmap. */
  INSERTED,
  /** vmf_insert_mixed of system pages in ->fault. */
  MIXED,
  /** remap_pfn_range of system pages at mmap. */
  PFNMAP,
  /** ->fault returns a page that belongs to no object. */
  FAULTED,
  /** The same from a CMA area. */
  CMA,
  /** shmem. */
  MEMFD,
  /** A regular file of a filesystem with page_mkwrite and writeback. */
  EXT4;

  /** What page n of an object holds at first is this + n. */
  public static final long INITIAL = 0x1111222233330000L;

  private static final FileOps NO_FILE_OPS =
      new FileOps() {
        @Override
        public long mmap(Vma vma) {
          return -Errno.ENODEV;
        }
      };

  /** Maps pages of a new object of this kind. */
  public Vma map(TestMachine machine, Mm mm, long start, int pages, boolean shared, boolean write) {
    long flags = VmFlags.VM_READ | (write ? VmFlags.VM_WRITE : 0);
    if (shared) {
      flags |= VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE;
    }
    if (this == ANON && !shared) {
      return machine.map(mm, start, pages, flags, null, null);
    }
    boolean cached = this == ANON || this == MEMFD || this == EXT4;
    AddressSpace mapping =
        cached ? new AddressSpace(this == EXT4, this != EXT4) : AddressSpace.ofDevice();
    long[] pfns = new long[pages];
    for (int i = 0; i < pages; i++) {
      pfns[i] = newPage(machine, mapping, i, cached);
    }
    OpenFile file = new OpenFile(NO_FILE_OPS, mapping, 3, name());
    Ops ops = new Ops(machine, this, pfns);
    Vma vma = machine.map(mm, start, pages, flags, ops, file);
    fill(machine, vma, pfns);
    if (this == EXT4 && shared && write) {
      vma.pageProt = Pte.PAGE_READONLY;
    }
    return vma;
  }

  private long newPage(TestMachine machine, AddressSpace mapping, int index, boolean cached) {
    long pfn = machine.newPage(this == ANON ? 0 : INITIAL + index);
    if (cached) {
      int kind = this == EXT4 ? Frames.FILE : Frames.FILE | Frames.SWAPBACKED;
      machine.frames.set(pfn, this == ANON ? kind : kind | Frames.DIRTY);
      machine.frames.setMapping(pfn, mapping, index);
      mapping.add(index, pfn);
    } else if (this == FAULTED || this == CMA) {
      machine.frames.set(pfn, this == CMA ? Frames.CMA | Frames.DIRTY : Frames.DIRTY);
    }
    return pfn;
  }

  private void fill(TestMachine machine, Vma vma, long[] pfns) {
    if (this == PFNMAP) {
      vma.flags |= VmFlags.VM_IO | VmFlags.VM_PFNMAP | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;
      if (vma.isCowMapping()) {
        vma.pgoff = pfns[0];
      }
    } else if (this == INSERTED || this == MIXED) {
      vma.flags |= VmFlags.VM_MIXEDMAP;
    }
    for (int i = 0; i < pfns.length; i++) {
      long address = vma.start + ((long) i << 12);
      long pte = Pte.of(pfns[i], vma.pageProt);
      if (this == PFNMAP) {
        vma.mm.pageTable.set(address, Pte.mkSpecial(pte));
      } else if (this == INSERTED) {
        machine.frames.get(pfns[i]);
        machine.rmap.addFile(vma, pfns[i]);
        vma.mm.pageTable.set(address, pte);
      }
    }
  }

  private static final class Ops extends VmOps {
    private final TestMachine machine;
    private final TestKind kind;
    private final long[] pfns;

    Ops(TestMachine machine, TestKind kind, long[] pfns) {
      this.machine = machine;
      this.kind = kind;
      this.pfns = pfns;
    }

    @Override
    public boolean hasFault() {
      return true;
    }

    @Override
    public int fault(VmFault fault) {
      if (kind == PFNMAP || kind == INSERTED) {
        return VmFault.SIGBUS;
      }
      long pfn = pfns[(int) fault.pgoff];
      if (kind == MIXED) {
        Vma vma = fault.vma();
        vma.mm.pageTable.set(fault.address, Pte.mkSpecial(Pte.of(pfn, vma.pageProt)));
        return VmFault.NOPAGE;
      }
      machine.frames.get(pfn);
      fault.page = pfn;
      return hasMapPages() ? VmFault.LOCKED : 0;
    }

    @Override
    public boolean hasMapPages() {
      return kind == ANON || kind == MEMFD || kind == EXT4;
    }

    @Override
    public int mapPages(VmFault fault, long first, long last) {
      Vma vma = fault.vma();
      for (long i = first; i <= last; i++) {
        machine.faults.mapCached(vma, vma.start + (i << 12), pfns[(int) i]);
      }
      return 0;
    }

    @Override
    public boolean hasPageMkwrite() {
      return kind == EXT4;
    }

    @Override
    public int pageMkwrite(VmFault fault) {
      return VmFault.LOCKED;
    }
  }

  /** The kind with this name in lower case, or null. */
  static @Nullable TestKind of(String name) {
    for (TestKind kind : values()) {
      if (kind.name().equalsIgnoreCase(name)) {
        return kind;
      }
    }
    return null;
  }
}
