package org.pfnlab.drivers.exporter;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.fill.Inserter;

/** How an exporter fills page tables: in its mmap operation, or with an inserter for each fault. */
enum Filler {
  /** dma_mmap_attrs, told the buffer's size. */
  DMA_MMAP {
    @Override
    long mmap(ExporterDevice device, Vma vma, Backing backing, long pages) {
      return device.dma().mmapAttrs(vma, backing.dma());
    }
  },

  /** dma_mmap_attrs, told the VMA's length instead of the buffer's size. */
  DMA_MMAP_VMA_LENGTH {
    @Override
    long mmap(ExporterDevice device, Vma vma, Backing backing, long pages) {
      return vma.pgoff == 0 ? device.dma().mmapAttrs(vma, backing.dma()) : -Errno.ENXIO;
    }
  },

  /** vm_map_pages. */
  MAP_PAGES {
    @Override
    long mmap(ExporterDevice device, Vma vma, Backing backing, long pages) {
      return device.machine().inserter().vmMapPages(vma, backing.frames(pages));
    }
  },

  /** vm_insert_pages of the VMA's length, from the first page on. */
  INSERT_PAGES {
    @Override
    long mmap(ExporterDevice device, Vma vma, Backing backing, long pages) {
      return device
          .machine()
          .inserter()
          .vmInsertPages(vma, vma.start, backing.frames(pages), 0, (int) vma.pages());
    }
  },

  /** remap_vmalloc_range from the first page: vm_insert_page, then two flags. */
  REMAP_VMALLOC {
    @Override
    long mmap(ExporterDevice device, Vma vma, Backing backing, long pages) {
      for (int page = 0; page < vma.pages(); page++) {
        long at = vma.start + ((long) page << 12);
        long failed = device.machine().inserter().vmInsertPage(vma, at, backing.pfn(page));
        if (failed != 0) {
          return failed;
        }
      }
      vma.flags |= VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;
      return 0;
    }
  },

  /** remap_pfn_range of consecutive frames, from the first page on. */
  REMAP {
    @Override
    long mmap(ExporterDevice device, Vma vma, Backing backing, long pages) {
      return Inserter.REMAP_PFN_RANGE.range(
          device.machine(), vma, vma.start, backing.pfn(0), vma.pages(), vma.pageProt);
    }
  },

  /** The shmem file maps itself, and the VMA belongs to it from then on. */
  SHMEM_FILE {
    @Override
    long mmap(ExporterDevice device, Vma vma, Backing backing, long pages) {
      OpenFile file = backing.file();
      long failed = file.ops.mmap(vma);
      if (failed == 0) {
        OpenFile before = vma.file;
        file.get();
        vma.file = file;
        if (before != null) {
          before.put();
        }
      }
      return failed;
    }
  },

  /** The fault handler hands the page back. */
  FAULT_PAGE(Inserter.FAULT_PAGE),
  /** vmf_insert_page. */
  FAULT_INSERT_PAGE(Inserter.INSERT_PAGE),
  /** vmf_insert_pfn. */
  FAULT_INSERT_PFN(Inserter.INSERT_PFN),
  /** vmf_insert_pfn_prot. */
  FAULT_INSERT_PFN_PROT(Inserter.INSERT_PFN_PROT),
  /** vmf_insert_mixed. */
  FAULT_INSERT_MIXED(Inserter.INSERT_MIXED);

  private final @Nullable Inserter atFault;

  Filler() {
    this(null);
  }

  Filler(@Nullable Inserter atFault) {
    this.atFault = atFault;
  }

  /** What answers faults, or null if everything is filled at mmap. */
  @Nullable Inserter atFault() {
    return atFault;
  }

  /** In the mmap operation: 0 or -errno. */
  long mmap(ExporterDevice device, Vma vma, Backing backing, long pages) {
    return 0;
  }
}
