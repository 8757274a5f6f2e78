package org.pfnlab.core.task;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.gup.GupFast;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.GupSlow;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.PageBytes;

/**
 * io_uring's fixed buffers (io_uring/rsrc.c), one buffer a ring: registering pins the pages for
 * ever and for writing; READ_FIXED and WRITE_FIXED then go to the pinned frames, whatever happens
 * to the mapping.
 */
public final class RegisteredBuffers implements FrameHolder {
  /** shmem may be registered: memfd, tmpfs, shared anonymous memory. */
  public static final Feature URING_TAKES_SHMEM =
      Feature.define(
          "URING_TAKES_SHMEM",
          "40dad765c045, v5.14: io_uring, enable shmem/memfd memory registration",
          Releases.since("v5.14"));

  /** io_uring looks for files itself and refuses them; later get_user_pages does. */
  public static final Feature URING_REFUSES_FILES =
      Feature.define(
          "URING_REFUSES_FILES",
          "until 34ed8d0dcd69, v6.5: delegate VMA file-backed check to GUP",
          Releases.before("v6.5"));

  /** The fast path pins. */
  public static final Feature URING_PINS_FAST =
      Feature.define(
          "URING_PINS_FAST",
          "v6.10: one io_pin_pages for all of io_uring, on pin_user_pages_fast",
          Releases.since("v6.10"));

  /** All pages of a buffer belong to one file, or none does. */
  public static final Feature URING_REFUSES_MIXED_FILES =
      Feature.define(
          "URING_REFUSES_MIXED_FILES",
          "edd478269640, v6.3: disallow multi-source registered buffers; gone with 34ed8d0dcd69",
          Releases.since("v6.3").until("v6.5").backportedTo("v6.1.16"));

  private static final int FLAGS = GupFlags.FOLL_PIN | GupFlags.FOLL_WRITE | GupFlags.FOLL_LONGTERM;

  /** SZ_1G: the largest buffer. */
  private static final long LIMIT = 1L << 30;

  private static final KernelBug UNINITIALISED = Pins.neverStored("io_sqe_buffer_register");

  /** One ring with room for one buffer. */
  public static final class Ring {
    private long address;
    private long length;
    private long @Nullable [] pages;

    private Ring() {}

    /** Whether a buffer is registered. */
    public boolean isRegistered() {
      return pages != null;
    }

    /** The frames that are pinned, in order of address. */
    public long[] pinned() {
      return pages == null ? new long[0] : pages.clone();
    }
  }

  private final Meter meter;
  private final GupSlow slow;
  private final GupFast fast;
  private final Pins pins;
  private final PageBytes bytes;
  private final boolean takesShmem;
  private final boolean refusesFiles;
  private final boolean refusesMixedFiles;
  private final boolean pinsFast;
  private final List<Ring> open = new ArrayList<>();

  /** Registers by the rules of this kernel. */
  public RegisteredBuffers(Kernel kernel, Frames frames, GupSlow slow, GupFast fast, Pins pins) {
    this.meter = kernel.meter;
    this.slow = slow;
    this.fast = fast;
    this.pins = pins;
    this.bytes = new PageBytes(frames);
    this.takesShmem = kernel.has(URING_TAKES_SHMEM);
    this.refusesFiles = kernel.has(URING_REFUSES_FILES);
    this.refusesMixedFiles = kernel.has(URING_REFUSES_MIXED_FILES);
    this.pinsFast = kernel.has(URING_PINS_FAST);
  }

  /** io_uring_setup. */
  public Ring setup() {
    Ring ring = new Ring();
    open.add(ring);
    return ring;
  }

  /** The rings that are open. */
  public List<Ring> open() {
    return Collections.unmodifiableList(open);
  }

  /**
   * IORING_REGISTER_BUFFERS.
   *
   * @return 0, or -errno: EBUSY (there is one already), EFAULT, EOPNOTSUPP (a file's memory, before
   *     v6.5), EINVAL (more than one file's, v6.3 and v6.4), EEXIST (an entry without a page, since
   *     v5.18), ENOMEM
   * @throws KernelBug where get_user_pages claims a page that it did not store (before v5.18)
   */
  public long register(Mm mm, Ring ring, long address, long length) {
    if (!meter.tracing) {
      return pin(mm, ring, address, length);
    }
    meter.enter("io_sqe_buffer_register", address, length);
    long result = pin(mm, ring, address, length);
    meter.exit("io_sqe_buffer_register", result);
    return result;
  }

  private long pin(Mm mm, Ring ring, long address, long length) {
    if (ring.isRegistered()) {
      return -Errno.EBUSY;
    }
    if (address == 0 || length <= 0 || length > LIMIT) {
      return -Errno.EFAULT;
    }
    int nPages = (int) (((address & 0xfff) + length + 4095) >>> 12);
    long[] pages = new long[nPages];
    Arrays.fill(pages, Pins.GARBAGE);
    long got =
        pinsFast
            ? fast.get(mm, address, nPages, FLAGS, pages)
            : slow.getUnlocked(mm, address, nPages, FLAGS, pages, 0);
    if (got < nPages) {
      if (got > 0) {
        pins.release(pages, (int) got, FLAGS, false);
      }
      return got < 0 ? got : -Errno.EFAULT;
    }
    requireStored(pages);
    long refused = refusesFiles ? checkFiles(mm, address, nPages) : 0;
    if (refused != 0) {
      pins.release(pages, nPages, FLAGS, false);
      return refused;
    }
    ring.address = address;
    ring.length = length;
    ring.pages = pages;
    return 0;
  }

  private static void requireStored(long[] pages) {
    for (long pfn : pages) {
      if (pfn == Pins.GARBAGE) {
        throw UNINITIALISED;
      }
    }
  }

  private long checkFiles(Mm mm, long address, int nPages) {
    OpenFile first = fileAt(mm, address);
    for (long at = address; at < address + ((long) nPages << 12); at += 4096) {
      OpenFile file = fileAt(mm, at);
      if (refusesMixedFiles && file != first) {
        return -Errno.EINVAL;
      }
      if (file != null && !(takesShmem && file.mapping.swapBacked)) {
        return -Errno.EOPNOTSUPP;
      }
    }
    return 0;
  }

  private static @Nullable OpenFile fileAt(Mm mm, long address) {
    Vma vma = mm.vmas.lookup(address);
    return vma == null ? null : vma.file;
  }

  /** IORING_UNREGISTER_BUFFERS: 0, or -ENXIO if there is none. */
  public long unregister(Ring ring) {
    long[] pages = ring.pages;
    if (pages == null) {
      return -Errno.ENXIO;
    }
    pins.release(pages, pages.length, FLAGS, true);
    ring.pages = null;
    return 0;
  }

  /** WRITE_FIXED: the file gets what the pinned frames hold; length, or -EFAULT outside of them. */
  public long write(Ring ring, long address, byte[] file, int length) {
    return transfer(ring, address, file, length, false);
  }

  /** READ_FIXED: the pinned frames get what the file holds; length, or -EFAULT outside of them. */
  public long read(Ring ring, long address, byte[] file, int length) {
    return transfer(ring, address, file, length, true);
  }

  private long transfer(Ring ring, long address, byte[] file, int length, boolean intoMemory) {
    long[] pages = ring.pages;
    if (pages == null || address < ring.address || address + length > ring.address + ring.length) {
      return -Errno.EFAULT;
    }
    int done = 0;
    while (done < length) {
      long at = (ring.address & 0xfff) + (address - ring.address) + done;
      int start = (int) at & 0xfff;
      int n = Math.min(length - done, 4096 - start);
      long pfn = pages[(int) (at >>> 12)];
      if (intoMemory) {
        bytes.write(pfn, start, file, done, n);
      } else {
        bytes.read(pfn, start, file, done, n);
      }
      done += n;
    }
    return done;
  }

  /** The ring's last descriptor is closed: the pins go. */
  public void close(Ring ring) {
    if (ring.isRegistered()) {
      unregister(ring);
    }
    open.remove(ring);
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (Ring ring : open) {
      for (long pfn : ring.pinned()) {
        references.mergeInt(pfn, pins.weight(pfn), Integer::sum);
      }
    }
  }

  /** Forgets all rings; the frames are reset by their owner. */
  public void reset() {
    open.clear();
  }
}
