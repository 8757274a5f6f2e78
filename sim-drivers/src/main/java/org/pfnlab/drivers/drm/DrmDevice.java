package org.pfnlab.drivers.drm;

import it.unimi.dsi.fastutil.longs.Long2ObjectOpenHashMap;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.drivers.dmabuf.DmaBufs;

/**
 * drm_device, as far as mapping goes: the offset manager, and one address space that all its open
 * files share, so that a driver finds every VMA of an object in one place.
 */
public final class DrmDevice {
  /** The device file's mmap operation. */
  @FunctionalInterface
  public interface MmapOperation {
    /** 0 or -errno. */
    long mmap(DrmFile file, Vma vma);
  }

  /** DRM_FILE_PAGE_OFFSET_START: fake offsets begin behind what 32 bits can address. */
  private static final long OFFSET_START = 0x100000;

  private static final long OFFSET_PAGES = OFFSET_START * 256;

  private final Machine machine;
  private final String name;
  private final DmaBufs dmaBufs;
  private final FileOps fileOps;
  private final AddressSpace mapping = AddressSpace.ofDevice();
  private final DrmMm offsets = new DrmMm(OFFSET_START, OFFSET_PAGES);
  private final Long2ObjectOpenHashMap<VmaNode> nodes = new Long2ObjectOpenHashMap<>();
  private boolean unplugged;

  /** A device whose mmap operation is drm_gem_mmap. */
  public DrmDevice(Machine machine, String name) {
    this(machine, name, null);
  }

  /**
   * A device.
   *
   * @param mmap its mmap operation; null for drm_gem_mmap
   */
  public DrmDevice(Machine machine, String name, @Nullable MmapOperation mmap) {
    this.machine = machine;
    this.name = name;
    this.dmaBufs = new DmaBufs(machine.kernel());
    this.fileOps = new DrmFileOps(mmap != null ? mmap : this::gemMmap);
  }

  /** Opens the device once more. */
  public OpenFile open(int mode) {
    OpenFile file = new OpenFile(fileOps, mapping, mode, name);
    file.privateData = new DrmFile();
    return file;
  }

  /** The drm_file of an open file of any device. */
  public static DrmFile fileOf(OpenFile file) {
    if (file.privateData instanceof DrmFile drm) {
      return drm;
    }
    throw new IllegalArgumentException(file.name + " is no open DRM device");
  }

  /**
   * drm_vma_offset_add: a fake offset for something of this many pages.
   *
   * @throws IllegalStateException if a terabyte of offsets is used up
   */
  public VmaNode addNode(long pages, Object owner) {
    long start = offsets.insert(pages);
    if (start < 0) {
      throw new IllegalStateException(name + " has no fake offsets left for " + pages + " pages");
    }
    VmaNode node = new VmaNode(start, pages, owner);
    nodes.put(start, node);
    return node;
  }

  /** drm_vma_offset_remove. */
  public void removeNode(VmaNode node) {
    nodes.remove(node.start());
    offsets.remove(node.start());
  }

  /** drm_vma_offset_exact_lookup: the node that starts there and is long enough, or null. */
  public @Nullable VmaNode lookup(long start, long pages) {
    VmaNode node = nodes.get(start);
    return node != null && node.pages() >= pages ? node : null;
  }

  /** drm_vma_node_unmap: takes a piece of a node away from everybody, private copies included. */
  public void unmap(VmaNode node, long firstPage, long pages) {
    machine.unmapMapping().range(mapping, (node.start() + firstPage) << 12, pages << 12, true);
  }

  /** drm_dev_unplug: the hardware is gone. */
  public void unplug() {
    unplugged = true;
  }

  /** drm_dev_is_unplugged. */
  public boolean isUnplugged() {
    return unplugged;
  }

  /** The address space of all its files. */
  public AddressSpace mapping() {
    return mapping;
  }

  /** The dma-buf core that it exports through. */
  public DmaBufs dmaBufs() {
    return dmaBufs;
  }

  /** The machine. */
  public Machine machine() {
    return machine;
  }

  /** drm_gem_mmap: finds the object by its fake offset and lets it map itself. */
  private long gemMmap(DrmFile file, Vma vma) {
    if (unplugged) {
      return -Errno.ENODEV;
    }
    VmaNode node = lookup(vma.pgoff, vma.pages());
    if (node == null || !(node.owner() instanceof GemObject object)) {
      return -Errno.EINVAL;
    }
    if (!node.isAllowed(file)) {
      return -Errno.EACCES;
    }
    return object.mapInto(vma);
  }

  /** drm_gem_mmap_obj: for drivers whose mmap operation finds the object itself. */
  public long mapObject(GemObject object, Vma vma) {
    return object.mapInto(vma);
  }

  private static final class DrmFileOps extends FileOps {
    private final MmapOperation mmap;

    DrmFileOps(MmapOperation mmap) {
      this.mmap = mmap;
    }

    @Override
    public long mmap(Vma vma) {
      OpenFile file = vma.file;
      return file == null ? -Errno.EINVAL : mmap.mmap(fileOf(file), vma);
    }

    @Override
    public void release(OpenFile file) {
      fileOf(file).release();
    }
  }
}
