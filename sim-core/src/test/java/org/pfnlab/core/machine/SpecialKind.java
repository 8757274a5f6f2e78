package org.pfnlab.core.machine;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;

/** Files whose mappings are special in one way each, as drivers make them. */
enum SpecialKind {
  /** remap_pfn_range of a BAR at mmap: VM_IO, VM_PFNMAP, VM_DONTEXPAND, VM_DONTDUMP. */
  P,
  /** VM_IO alone; ->fault returns a page. */
  I,
  /** vm_insert_page at mmap: VM_MIXEDMAP, no ->fault. */
  M,
  /** vmf_insert_mixed in ->fault: VM_MIXEDMAP and VM_DONTEXPAND. */
  X,
  /** ->fault returns a page; no flag at all. */
  H,
  /** The same, and a close operation. */
  C,
  /** The same, and it wants to choose its address. */
  A,
  /** The same, but it may be neither split nor moved. */
  S,
  /** ->huge_fault fills 2 MiB of a BAR, ->fault a page: VM_IO, VM_PFNMAP, VM_DONTEXPAND. */
  G,
  /** Pages of a page cache that must be written back, as a disk filesystem's. */
  F;

  private static final long BAR_PFN = 0xf8000;

  /** Opens a new file with this many pages of memory. */
  OpenFile open(Machine machine, int pages) {
    Pages object = new Pages(machine, this, pages);
    machine.addFrameHolder(object);
    return object.file;
  }

  private static final class Pages extends FileOps implements FrameHolder {
    private final Machine machine;
    private final SpecialKind kind;
    private final Frames frames;
    private final OpenFile file;
    private final long[] pfns;
    private final VmOps ops;

    Pages(Machine machine, SpecialKind kind, int pages) {
      this.machine = machine;
      this.kind = kind;
      this.frames = machine.frames();
      AddressSpace mapping = kind == F ? new AddressSpace(true, false) : AddressSpace.ofDevice();
      file = new OpenFile(this, mapping, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE, kind.name());
      pfns = new long[kind == P || kind == G ? 0 : pages];
      for (int i = 0; i < pfns.length; i++) {
        pfns[i] = frames.alloc();
        frames.fill(pfns[i], (byte) (0x30 + i));
        if (kind == F) {
          frames.set(pfns[i], Frames.FILE);
          frames.setMapping(pfns[i], mapping, i);
          mapping.add(i, pfns[i]);
        }
      }
      ops = new PageOps(this);
    }

    @Override
    public long mmap(Vma vma) {
      switch (kind) {
        case P -> {
          return machine
              .remapPfn()
              .remapPfnRange(vma, vma.start, BAR_PFN, vma.end - vma.start, vma.pageProt);
        }
        case M -> {
          for (int i = 0; i < vma.pages(); i++) {
            machine.inserter().vmInsertPage(vma, vma.start + ((long) i << 12), pfns[i]);
          }
          return 0;
        }
        case I -> vma.flags |= VmFlags.VM_IO;
        case G -> vma.flags |= VmFlags.VM_IO | VmFlags.VM_PFNMAP | VmFlags.VM_DONTEXPAND;
        case X -> vma.flags |= VmFlags.VM_MIXEDMAP | VmFlags.VM_DONTEXPAND;
        default -> {}
      }
      vma.ops = ops;
      return 0;
    }

    @Override
    public boolean choosesAddress() {
      return kind == A;
    }

    @Override
    public long fsync(OpenFile opened) {
      return kind == F ? 0 : super.fsync(opened);
    }

    @Override
    public void addReferences(Long2IntMap references) {
      for (long pfn : pfns) {
        references.mergeInt(pfn, 1, Integer::sum);
      }
    }
  }

  private static final class PageOps extends VmOps {
    private final Pages object;

    PageOps(Pages object) {
      this.object = object;
    }

    @Override
    public boolean hasFault() {
      return true;
    }

    @Override
    public boolean hasHugeFault() {
      return object.kind == G;
    }

    @Override
    public int hugeFault(VmFault fault, int level) {
      long pfn = BAR_PFN + (fault.pgoff & -512);
      return level == 2
          ? object.machine.inserter().vmfInsertPfnHuge(fault, pfn, level, fault.isWrite())
          : VmFault.FALLBACK;
    }

    @Override
    public int fault(VmFault fault) {
      if (object.kind == G) {
        return object
            .machine
            .inserter()
            .vmfInsertPfn(fault.vma(), fault.address, BAR_PFN + fault.pgoff);
      }
      if (fault.pgoff >= object.pfns.length) {
        return VmFault.SIGBUS;
      }
      long pfn = object.pfns[(int) fault.pgoff];
      if (object.kind == X) {
        return object.machine.inserter().vmfInsertMixed(fault.vma(), fault.address, pfn);
      }
      object.frames.get(pfn);
      fault.page = pfn;
      return VmFault.LOCKED;
    }

    @Override
    public boolean hasClose() {
      return object.kind == C;
    }

    @Override
    public long maySplit(Vma vma, long address) {
      return object.kind == S ? -Errno.EINVAL : 0;
    }

    @Override
    public long mremap(Vma vma) {
      return object.kind == S ? -Errno.EINVAL : 0;
    }
  }
}
