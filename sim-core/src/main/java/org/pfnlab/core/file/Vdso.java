package org.pfnlab.core.file;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import org.pfnlab.core.insert.PteInserter;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.vma.SpecialMapping;

/**
 * The vDSO and its data (arch/x86/entry/vdso/vma.c, lib/vdso/datastore.c): code that the kernel
 * gives to every process, pages with a struct page and a reference for each mapping; before it in
 * memory [vvar], which the kernel writes and processes read, raw frames in a VM_PFNMAP VMA.
 *
 * <p>The image is two pages, as on all recorded kernels. Only the time page and, with the generic
 * datastore, the random-number page of [vvar] are there: nobody is in a time namespace, and there
 * is no paravirtual clock, whose pages are SIGBUS.
 */
public final class Vdso implements FrameHolder {
  /** The generic datastore: time, time namespace, random numbers, architecture; clocks apart. */
  public static final Feature VDSO_DATASTORE =
      Feature.define(
          "VDSO_DATASTORE",
          "v6.15: lib/vdso/datastore.c lays out [vvar], [vvar_vclock] holds the clocks",
          Releases.since("v6.15"));

  private static final int IMAGE_PAGES = 2;
  private static final int VVAR_PAGES = 4;
  private static final int CLOCK_PAGES = 2;
  private static final int TIME_PAGE = 0;
  private static final int RANDOM_PAGE = 2;
  private static final int[] ELF_MAGIC = {0x7f, 'E', 'L', 'F'};
  private static final long DATA =
      VmFlags.VM_READ
          | VmFlags.VM_MAYREAD
          | VmFlags.VM_IO
          | VmFlags.VM_DONTDUMP
          | VmFlags.VM_PFNMAP;
  private static final long CODE =
      VmFlags.VM_READ
          | VmFlags.VM_EXEC
          | VmFlags.VM_MAYREAD
          | VmFlags.VM_MAYWRITE
          | VmFlags.VM_MAYEXEC;

  private final Frames frames;
  private final PteInserter inserter;
  private final boolean datastore;
  private final SpecialMapping image = new Image();
  private final SpecialMapping vvar = new Vvar();
  private final SpecialMapping clocks = new Clocks();

  /** Image, time page, random-number page; empty until a process is given them. */
  private long[] pfns = {};

  /** The vDSO of this kernel, in these frames. */
  Vdso(Kernel kernel, Frames frames, PteInserter inserter) {
    this.frames = frames;
    this.inserter = inserter;
    this.datastore = kernel.has(VDSO_DATASTORE);
  }

  /**
   * map_vdso, as exec does it: data at the address, code behind it.
   *
   * @param address bytes; all that is mapped lies within {@link #SPAN} from here
   * @return 0, or -ENOMEM if there is something already
   */
  public long map(Mm mm, long address) {
    if (pfns.length == 0) {
      load();
    }
    long data = (long) VVAR_PAGES + (datastore ? CLOCK_PAGES : 0);
    long failed = image.install(mm, address + (data << 12), (long) IMAGE_PAGES << 12, CODE);
    if (failed == 0) {
      failed = vvar.install(mm, address, (long) VVAR_PAGES << 12, DATA);
    }
    if (failed == 0 && datastore) {
      long behind = address + ((long) VVAR_PAGES << 12);
      failed = clocks.install(mm, behind, (long) CLOCK_PAGES << 12, DATA);
    }
    return failed;
  }

  /** Bytes from the address given to {@link #map} to the end of what it maps, at most. */
  public static final long SPAN = (long) (VVAR_PAGES + CLOCK_PAGES + IMAGE_PAGES) << 12;

  private void load() {
    pfns = new long[IMAGE_PAGES + 2];
    for (int i = 0; i < pfns.length; i++) {
      pfns[i] = frames.alloc();
      if (pfns[i] < 0) {
        throw new IllegalStateException("no memory for the vDSO");
      }
      frames.zero(pfns[i]);
    }
    for (int i = 0; i < ELF_MAGIC.length; i++) {
      frames.store(pfns[0], i, (byte) ELF_MAGIC[i]);
    }
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (long pfn : pfns) {
      references.mergeInt(pfn, 1, Integer::sum);
    }
  }

  void reset() {
    pfns = new long[0];
  }

  /** vdso_mapping. */
  private final class Image extends SpecialMapping {
    Image() {
      super("[vdso]");
    }

    @Override
    public int fault(VmFault fault) {
      if (fault.pgoff >= IMAGE_PAGES) {
        return VmFault.SIGBUS;
      }
      fault.page = pfns[(int) fault.pgoff];
      frames.get(fault.page);
      return 0;
    }
  }

  /** vdso_vvar_mapping. */
  private final class Vvar extends SpecialMapping {
    Vvar() {
      super("[vvar]");
    }

    @Override
    public int fault(VmFault fault) {
      Vma vma = fault.vma();
      if (fault.pgoff == TIME_PAGE) {
        return inserter.vmfInsertPfn(vma, fault.address, pfns[IMAGE_PAGES]);
      }
      return datastore && fault.pgoff == RANDOM_PAGE
          ? inserter.vmfInsertPfn(vma, fault.address, pfns[IMAGE_PAGES + 1])
          : VmFault.SIGBUS;
    }
  }

  /** vvar_vclock_mapping. */
  private static final class Clocks extends SpecialMapping {
    Clocks() {
      super("[vvar_vclock]");
    }

    @Override
    public int fault(VmFault fault) {
      return VmFault.SIGBUS;
    }
  }
}
