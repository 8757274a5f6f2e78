package org.pfnlab.drivers.udmabuf;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.file.PageCacheFile;
import org.pfnlab.core.file.Shmem;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.HookPoint;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufs;
import org.pfnlab.drivers.dmabuf.RawFrames;

/**
 * /dev/udmabuf (drivers/dma-buf/udmabuf.c): pages of a sealed memfd as a dma-buf. Until v6.11 it
 * holds references and its fault handler hands pages back; since then it pins, and maps raw frames.
 *
 * <p>Left out: hugetlbfs, lists of several memfds, migration out of CMA before pinning.
 */
public final class Udmabuf implements FrameHolder {
  /** Pages are mapped as raw frames. */
  public static final Feature UDMABUF_PFNMAP =
      Feature.define(
          "UDMABUF_PFNMAP",
          "7d79cd784470, v6.11: udmabuf: use vmf_insert_pfn and VM_PFNMAP; recorded on 6.18.2",
          Releases.since("v6.11"));

  /** Pages are pinned for as long as the buffer lives. */
  public static final Feature UDMABUF_PINS =
      Feature.define(
          "UDMABUF_PINS",
          "c6a3194c05e7, v6.11: udmabuf: pin the pages using memfd_pin_folios",
          Releases.since("v6.11"));

  /** The first fault maps the whole VMA. */
  public static final Feature UDMABUF_PREFAULTS =
      Feature.define(
          "UDMABUF_PREFAULTS",
          "recorded on 6.18.2: a fault maps every other page of the VMA, too; v6.13 is from memory",
          Releases.since("v6.13"));

  /** The fault handler refuses what lies behind the buffer. */
  public static final Feature UDMABUF_FAULT_BOUNDS =
      Feature.define(
          "UDMABUF_FAULT_BOUNDS",
          "05b252cccb2e, v5.19 (CVE-2023-2008): udmabuf: add back sanity check; missing in 5.11 and"
              + " there in 6.1 as recorded, the release is from memory",
          Releases.since("v5.19"));

  /** A memfd of which no new mapping may write is refused, too. */
  public static final Feature UDMABUF_DENIES_FUTURE_WRITE =
      Feature.define(
          "UDMABUF_DENIES_FUTURE_WRITE",
          "0a16e24e34f2, v6.13: udmabuf: also check for F_SEAL_FUTURE_WRITE; 6.1.192 has the"
              + " backport, its first 6.1.y patch level is from memory",
          Releases.since("v6.13").backportedTo("v6.1.122"));

  /** Whether {@code mmap_udmabuf} makes the mapping VM_PFNMAP on a kernel that does not yet. */
  public static final HookPoint<RawFrames> PAGE_MAPPING = RawFrames.point("mmap_udmabuf:page");

  /** size_limit_mb: 64 MiB, in pages. */
  private static final long SIZE_LIMIT = 64L << 8;

  private final Machine machine;
  private final DmaBufs dmaBufs;
  private final boolean mapsFrames;
  private final boolean pinsPages;
  private final boolean prefaults;
  private final boolean checksBounds;
  private final int forbiddenSeals;
  private final List<UdmabufBuffer> buffers = new ArrayList<>();

  /** The device of a machine. */
  public Udmabuf(Machine machine, DmaBufs dmaBufs) {
    Kernel kernel = machine.kernel();
    this.machine = machine;
    this.dmaBufs = dmaBufs;
    this.mapsFrames = kernel.has(UDMABUF_PFNMAP) || RawFrames.isAsked(kernel, PAGE_MAPPING);
    this.pinsPages = kernel.has(UDMABUF_PINS);
    this.prefaults = kernel.has(UDMABUF_PREFAULTS);
    this.checksBounds = kernel.has(UDMABUF_FAULT_BOUNDS);
    this.forbiddenSeals =
        Shmem.F_SEAL_WRITE
            | (kernel.has(UDMABUF_DENIES_FUTURE_WRITE) ? Shmem.F_SEAL_FUTURE_WRITE : 0);
    machine.addFrameHolder(this);
  }

  /** What {@link #create} gave: a buffer whose file has one reference, or an error. */
  public sealed interface Created {
    /** A buffer. */
    record Buffer(DmaBuf dmaBuf) implements Created {}

    /** A negated error number. */
    record Refused(long errno) implements Created {}
  }

  /**
   * UDMABUF_CREATE: -EINVAL for a range that is empty, unaligned, larger than 64 MiB or beyond the
   * file's end, or a file that may shrink or may not be written; -EBADFD for no memfd; -ENOMEM.
   *
   * @param offset first byte of the range
   * @param size its length in bytes
   */
  public Created create(OpenFile memfd, long offset, long size) {
    long pages = size >>> 12;
    if (((offset | size) & 0xfff) != 0 || pages == 0 || pages > SIZE_LIMIT) {
      return new Created.Refused(-Errno.EINVAL);
    }
    if (!(memfd.privateData instanceof PageCacheFile file) || !file.mapping.swapBacked) {
      return new Created.Refused(-Errno.EBADFD);
    }
    boolean sealed = (file.seals() & (Shmem.F_SEAL_SHRINK | forbiddenSeals)) == Shmem.F_SEAL_SHRINK;
    if (!sealed || offset + size > file.size()) {
      return new Created.Refused(-Errno.EINVAL);
    }
    long[] pfns = new long[(int) pages];
    for (int i = 0; i < pfns.length; i++) {
      pfns[i] = file.pageOrNew((offset >>> 12) + i);
      if (pfns[i] < 0) {
        letGo(pfns, i);
        return new Created.Refused(-Errno.ENOMEM);
      }
      hold(pfns[i]);
    }
    UdmabufBuffer buffer = new UdmabufBuffer(this, pfns);
    buffers.add(buffer);
    int mode = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;
    return new Created.Buffer(dmaBufs.export(buffer, size, mode, null, null));
  }

  private void hold(long pfn) {
    if (pinsPages) {
      machine.frames().pin(pfn);
    } else {
      machine.frames().get(pfn);
    }
  }

  private void letGo(long[] pfns, int count) {
    Frames frames = machine.frames();
    for (int i = 0; i < count; i++) {
      if (pinsPages) {
        frames.unpin(pfns[i]);
      } else {
        frames.put(pfns[i]);
      }
    }
  }

  void release(UdmabufBuffer buffer) {
    buffers.remove(buffer);
    letGo(buffer.pfns(), buffer.pfns().length);
  }

  Machine machine() {
    return machine;
  }

  boolean mapsFrames() {
    return mapsFrames;
  }

  boolean prefaults() {
    return prefaults;
  }

  boolean checksBounds() {
    return checksBounds;
  }

  @Override
  public void addReferences(Long2IntMap references) {
    Pins pins = machine.pins();
    for (UdmabufBuffer buffer : buffers) {
      for (long pfn : buffer.pfns()) {
        references.mergeInt(pfn, pinsPages ? pins.weight(pfn) : 1, Integer::sum);
      }
    }
  }
}
