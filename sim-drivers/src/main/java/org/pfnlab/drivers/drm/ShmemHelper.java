package org.pfnlab.drivers.drm;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.FrameHolder;

/**
 * drm_gem_shmem_helper.c for one device: buffers whose pages are those of an anonymous shmem file.
 *
 * <p>Left out: imported objects, purging, 2 MiB faults (v7.0).
 */
public final class ShmemHelper implements FrameHolder {
  /** Page frames are mapped (VM_PFNMAP); before, counted pages (VM_MIXEDMAP, vmf_insert_page). */
  public static final Feature SHMEM_HELPER_PFNMAP =
      Feature.define(
          "SHMEM_HELPER_PFNMAP", "8b93d1d7dbd5, v5.16: vmf_insert_pfn", Releases.since("v5.16"));

  /** A mapping that could be copied on write is refused; before, touching it was a BUG. */
  public static final Feature SHMEM_HELPER_REFUSES_COW =
      Feature.define(
          "SHMEM_HELPER_REFUSES_COW",
          "39bc27bd6880, v6.10 (CVE-2024-39497); recorded in 6.1.192 as a backport, whose first"
              + " patch level is from memory",
          Releases.since("v6.10").backportedTo("v6.1.95"));

  /**
   * The fake offset stays in vm_pgoff and the page is counted from the VMA's start, which ignores
   * the offset of a dma-buf mapping.
   */
  public static final Feature SHMEM_HELPER_COUNTS_FROM_START =
      Feature.define(
          "SHMEM_HELPER_COUNTS_FROM_START",
          "read in v6.1, absent from v5.11; v5.12 from memory",
          Releases.since("v5.12"));

  /** Pages of write-combined buffers get that mode in the kernel's own mapping too, on x86. */
  public static final Feature SHMEM_HELPER_WC_PAGES =
      Feature.define(
          "SHMEM_HELPER_WC_PAGES",
          "804b6e5ee613, v5.16: set_pages_array_wc",
          Releases.since("v5.16"));

  private final DrmDevice device;
  private final boolean writeCombined;
  private final VmOps vmOps = new ShmemVmOps();
  private final boolean pfnmap;
  private final boolean refusesCow;
  private final boolean countsFromStart;
  private final boolean wcPages;
  private final List<GemShmemObject> objects = new ArrayList<>();

  /**
   * The helper of a device.
   *
   * @param writeCombined whether its buffers are mapped write-combined (map_wc)
   */
  public ShmemHelper(DrmDevice device, boolean writeCombined) {
    Kernel kernel = device.machine().kernel();
    this.device = device;
    this.writeCombined = writeCombined;
    this.wcPages = writeCombined && kernel.has(SHMEM_HELPER_WC_PAGES);
    this.pfnmap = kernel.has(SHMEM_HELPER_PFNMAP);
    this.refusesCow = kernel.has(SHMEM_HELPER_REFUSES_COW);
    this.countsFromStart = kernel.has(SHMEM_HELPER_COUNTS_FROM_START);
    device.machine().addFrameHolder(this);
  }

  /** drm_gem_shmem_create: a buffer of this many pages, none of which exists yet. */
  public GemShmemObject create(long pages) {
    GemShmemObject object = new GemShmemObject(this, pages);
    objects.add(object);
    return object;
  }

  void forget(GemShmemObject object) {
    objects.remove(object);
  }

  DrmDevice device() {
    return device;
  }

  VmOps vmOps() {
    return vmOps;
  }

  boolean mapsWriteCombined() {
    return writeCombined;
  }

  boolean turnsPagesWriteCombined() {
    return wcPages;
  }

  boolean mapsPfns() {
    return pfnmap;
  }

  boolean refusesCow() {
    return refusesCow;
  }

  boolean countsFromStart() {
    return countsFromStart;
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (GemShmemObject object : objects) {
      object.addReferences(references);
    }
  }

  /** drm_gem_shmem_vm_ops: each VMA also keeps the pages in use. */
  private final class ShmemVmOps extends GemVmOps {
    @Override
    public void open(Vma vma) {
      super.open(vma);
      GemShmemObject.of(vma).getPages();
    }

    @Override
    public void close(Vma vma) {
      GemShmemObject.of(vma).putPages();
      super.close(vma);
    }

    @Override
    public int fault(VmFault fault) {
      Vma vma = fault.vma();
      GemShmemObject object = GemShmemObject.of(vma);
      long page = countsFromStart ? (fault.address - vma.start) >>> 12 : fault.pgoff;
      if (page >= object.pages()) {
        return VmFault.SIGBUS;
      }
      Machine machine = device.machine();
      return pfnmap
          ? machine.inserter().vmfInsertPfn(vma, fault.address, object.pfn(page))
          : machine.inserter().vmfInsertPage(vma, fault.address, object.pfn(page));
    }
  }
}
