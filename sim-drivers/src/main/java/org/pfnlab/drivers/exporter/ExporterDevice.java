package org.pfnlab.drivers.exporter;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.drivers.dma.CmaArea;
import org.pfnlab.drivers.dma.DmaAttrs;
import org.pfnlab.drivers.dma.DmaBuffer;
import org.pfnlab.drivers.dma.DmaDevice;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufObject;
import org.pfnlab.drivers.dmabuf.DmaBufs;
import org.pfnlab.drivers.drm.DrmDevice;
import org.pfnlab.drivers.drm.GemPrime;
import org.pfnlab.drivers.drm.PrimeBuffer;
import org.pfnlab.drivers.drm.ShmemPages;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.drivers.kind.BarPieces;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Placement;

/** A device that makes buffers and exports them as one {@link Recipe} says. */
final class ExporterDevice implements Device, FrameHolder {
  private static final int READ_WRITE = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;
  private static final long BAR_BASE = 0x60_0000_0000L;
  private static final long BAR_SIZE = 64L << 20;

  private final Machine machine;
  private final Recipe recipe;
  private final DmaBufs dmaBufs;
  private final DrmDevice drm;
  private final @Nullable DmaDevice dmaOrNull;
  private final Bar bar;
  private final BarPieces pieces;
  private final List<Backing> allocated = new ArrayList<>();

  private ExporterDevice(Machine machine, Recipe recipe, boolean translated, Bar bar) {
    this.machine = machine;
    this.recipe = recipe;
    this.dmaBufs = new DmaBufs(machine.kernel());
    this.drm = new DrmDevice(machine, "drm");
    this.dmaOrNull =
        recipe.memory() == Memory.DMA
            ? new DmaDevice(machine, CmaArea.reserve(machine), translated)
            : null;
    this.bar = bar;
    this.pieces = new BarPieces(bar.pages());
    machine.addFrameHolder(this);
  }

  /**
   * Probes the device.
   *
   * @param translated whether it sits behind an IOMMU
   */
  static Device probe(Machine machine, Placement placement, Recipe recipe, boolean translated) {
    Bar bar = placement.choose(machine, BAR_BASE, BAR_SIZE);
    boolean usesBar = recipe.memory() == Memory.BAR;
    if (usesBar && machine.ioRemap().ioremap(bar.base(), bar.size(), CacheMode.WC) == 0) {
      return pages -> ObjectUnderTest.refused(-Errno.ENODEV);
    }
    return new ExporterDevice(machine, recipe, translated, bar);
  }

  @Override
  public ObjectUnderTest open(long pages) {
    Backing backing = allocate((int) pages);
    if (backing == null) {
      return ObjectUnderTest.refused(-Errno.ENOMEM);
    }
    if (recipe.path() == Recipe.Path.GEM) {
      ExportedObject object = new ExportedObject(this, recipe, backing, pages);
      return PrimeBuffer.export(drm.open(READ_WRITE), object, READ_WRITE, GemPrime::mmap);
    }
    ExportedBuffer ops = new ExportedBuffer(this, recipe, backing, pages);
    DmaBuf buffer = dmaBufs.export(ops, pages << 12, READ_WRITE, null, null);
    return new DmaBufObject(machine, buffer, backing::pfn, () -> {});
  }

  private @Nullable Backing allocate(int pages) {
    return switch (recipe.memory()) {
      case DMA -> {
        DmaBuffer buffer = dma().allocAttrs(pages, DmaAttrs.WRITE_COMBINE);
        if (buffer == null) {
          yield null;
        }
        long[] pfns = new long[pages];
        for (int page = 0; page < pages; page++) {
          pfns[page] = buffer.pfn(page);
        }
        yield new Backing(pfns, buffer, null);
      }
      case PAGES -> singlePages(pages);
      case SHMEM -> {
        ShmemPages shmem = new ShmemPages(machine, pages);
        if (shmem.populate()) {
          yield new Backing(new long[0], null, shmem);
        }
        shmem.release();
        yield null;
      }
      case BAR -> {
        long[] pfns = new long[pages];
        long first = bar.pfn(pieces.take(pages));
        for (int page = 0; page < pages; page++) {
          pfns[page] = first + page;
          machine.frames().zero(first + page);
        }
        yield new Backing(pfns, null, null);
      }
    };
  }

  private @Nullable Backing singlePages(int pages) {
    Frames frames = machine.frames();
    long[] pfns = new long[pages];
    for (int page = 0; page < pages; page++) {
      pfns[page] = frames.alloc();
      if (pfns[page] < 0) {
        for (int back = 0; back < page; back++) {
          frames.put(pfns[back]);
        }
        return null;
      }
      frames.zero(pfns[page]);
    }
    Backing backing = new Backing(pfns, null, null);
    allocated.add(backing);
    return backing;
  }

  /** Nobody holds the buffer any longer. */
  void free(Backing backing) {
    if (backing.dmaOrNull() != null) {
      dma().free(backing.dma());
    } else if (backing.shmemOrNull() != null) {
      backing.release();
    } else if (allocated.remove(backing)) {
      for (long pfn : backing.pfns()) {
        machine.frames().put(pfn);
      }
    }
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (Backing backing : allocated) {
      for (long pfn : backing.pfns()) {
        references.mergeInt(pfn, 1, Integer::sum);
      }
    }
  }

  Machine machine() {
    return machine;
  }

  DmaDevice dma() {
    DmaDevice dma = dmaOrNull;
    if (dma == null) {
      throw new IllegalStateException("this device does not use the DMA API");
    }
    return dma;
  }

  DrmDevice drm() {
    return drm;
  }
}
