package org.pfnlab.core.file;

import java.util.stream.LongStream;
import org.pfnlab.core.insert.PteInserter;
import org.pfnlab.core.insert.RemapPfn;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;

/**
 * The memory that an io_uring shares with its user (io_uring/memmap.c): one region with the
 * submission and completion rings, one with the submission entries, told apart by the offset of the
 * mapping. No vm_ops: what is zapped is gone.
 *
 * <p>Left out: regions that exist only after a register call (provided buffers, parameters), and
 * rings in user memory.
 */
final class IoUring extends KernelPages {
  /** The regions are page arrays, mapped by vm_insert_pages; before, remap_pfn_range. */
  static final Feature IO_URING_INSERTS_PAGES =
      Feature.define(
          "IO_URING_INSERTS_PAGES",
          "3ab1db3c6039, v6.10: io_uring: get rid of remap_pfn_range() for mapping rings/sqes",
          Releases.since("v6.10"));

  /** The kernel chooses the address; the offset is looked at before the VMA exists. */
  static final Feature IO_URING_CHOOSES_ADDRESS =
      Feature.define(
          "IO_URING_CHOOSES_ADDRESS",
          "d808459b2e31, v6.4: io_uring: adjust mapping wrt architecture aliasing requirements",
          Releases.since("v6.4"));

  private static final long OFF_CQ_RING = 0x0800_0000;
  private static final long OFF_SQES = 0x1000_0000;

  /** IORING_OFF_MMAP_MASK; the rest is the number of a buffer group. */
  private static final long OFF_MASK = 0xf800_0000L;

  private static final int HEADER = 64;
  private static final int CQE = 16;
  private static final int SQE = 64;

  private final PteInserter inserter;
  private final RemapPfn remapPfn;
  private final boolean insertsPages;
  private final boolean choosesAddress;
  private final int ringPages;

  /**
   * A ring of this many submission entries, a power of two, and twice as many completions.
   *
   * @throws IllegalStateException if there is no memory
   */
  IoUring(
      Kernel kernel,
      Frames frames,
      Register register,
      PteInserter inserter,
      RemapPfn remapPfn,
      int entries) {
    super(frames, register, regions(frames, entries));
    this.inserter = inserter;
    this.remapPfn = remapPfn;
    this.insertsPages = kernel.has(IO_URING_INSERTS_PAGES);
    this.choosesAddress = kernel.has(IO_URING_CHOOSES_ADDRESS);
    this.ringPages = ringPages(entries);
  }

  private static long[] regions(Frames frames, int entries) {
    return LongStream.concat(
            LongStream.of(allocateInARow(frames, ringPages(entries))),
            LongStream.of(allocateInARow(frames, pages((long) entries * SQE))))
        .toArray();
  }

  private static int ringPages(int entries) {
    long completions = 2L * entries * CQE;
    return pages(((HEADER + completions + 63) & ~63L) + 4L * entries);
  }

  private static int pages(long bytes) {
    return (int) ((bytes + 4095) >>> 12);
  }

  @Override
  public boolean choosesAddress() {
    return choosesAddress;
  }

  /** io_uring_get_unmapped_area. */
  @Override
  public long checkAddress(long hint, long pgoff) {
    if (!choosesAddress) {
      return 0;
    }
    return hint != 0 ? -Errno.EINVAL : firstPage(pgoff) < 0 ? -Errno.ENOMEM : 0;
  }

  /** The first page of the region at this offset, or -1. */
  private int firstPage(long pgoff) {
    long offset = pgoff << 12;
    long kind = choosesAddress ? offset & OFF_MASK : offset;
    return kind == 0 || kind == OFF_CQ_RING ? 0 : kind == OFF_SQES ? ringPages : -1;
  }

  @Override
  public long mmap(Vma vma) {
    int first = firstPage(vma.pgoff);
    if (first < 0) {
      return -Errno.EINVAL;
    }
    int region = first == 0 ? ringPages : pfns.length - ringPages;
    return insertsPages ? insert(vma, first, region) : remap(vma, first, region);
  }

  /** io_region_mmap: rings may be mapped in part, entries only as a whole; both may be too long. */
  private long insert(Vma vma, int first, int region) {
    vma.flags |= VmFlags.VM_DONTEXPAND;
    int count = first == 0 ? (int) Math.min(region, vma.pages()) : region;
    return inserter.vmInsertPages(vma, vma.start, pfns, first, count);
  }

  /** Before v6.10 a region was one physically contiguous allocation. */
  private long remap(Vma vma, int first, int region) {
    long length = vma.end - vma.start;
    if (vma.pages() > region) {
      return -Errno.EINVAL;
    }
    return remapPfn.remapPfnRange(vma, vma.start, pfns[first], length, vma.pageProt);
  }
}
