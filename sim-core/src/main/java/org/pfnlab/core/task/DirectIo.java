package org.pfnlab.core.task;

import org.pfnlab.core.gup.GupFast;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.PageBytes;

/**
 * read(2) and write(2) with O_DIRECT on a regular file (iomap_dio_rw, bio_iov_iter_get_pages): the
 * device moves the bytes to and from the user's pages. The file is an array here.
 *
 * <p>A page that cannot be got fails the whole call, but the pages before it have been transferred.
 */
public final class DirectIo {
  /** The pages are pinned, and no longer merely referenced. */
  public static final Feature DIRECT_IO_PINS =
      Feature.define(
          "DIRECT_IO_PINS",
          "a7e689dd1c06, v6.5: bio_iov_iter_get_pages uses iov_iter_extract_pages",
          Releases.since("v6.5"));

  /** BIO_MAX_VECS. */
  private static final int PAGES_AT_ONCE = 256;

  /** Addresses and lengths are multiples of the disk's block size. */
  private static final long ALIGNMENT = 511;

  private final Meter meter;
  private final GupFast gup;
  private final Pins pins;
  private final PageBytes bytes;
  private final int reference;
  private final long[] pages = new long[PAGES_AT_ONCE];

  /** Gets pages by the rules of this kernel. */
  public DirectIo(Kernel kernel, Frames frames, GupFast gup, Pins pins) {
    this.meter = kernel.meter;
    this.gup = gup;
    this.pins = pins;
    this.bytes = new PageBytes(frames);
    this.reference = kernel.has(DIRECT_IO_PINS) ? GupFlags.FOLL_PIN : GupFlags.FOLL_GET;
  }

  /**
   * write(2): the file gets what the user's memory holds.
   *
   * @return length, or -errno: EINVAL (misaligned), EFAULT, EEXIST (an entry without a page, since
   *     v5.18)
   */
  public long write(Mm mm, long address, byte[] file, int length) {
    return transfer(mm, address, file, length, false);
  }

  /** read(2): the user's memory gets what the file holds; as {@link #write}. */
  public long read(Mm mm, long address, byte[] file, int length) {
    return transfer(mm, address, file, length, true);
  }

  private long transfer(Mm mm, long address, byte[] file, int length, boolean intoMemory) {
    if (((address | length) & ALIGNMENT) != 0) {
      return -Errno.EINVAL;
    }
    if (!meter.tracing) {
      return move(mm, address, file, length, intoMemory);
    }
    meter.enter("iomap_dio_rw", address, length);
    long result = move(mm, address, file, length, intoMemory);
    meter.exit("iomap_dio_rw", result);
    return result;
  }

  private long move(Mm mm, long address, byte[] file, int length, boolean intoMemory) {
    int flags = intoMemory ? reference | GupFlags.FOLL_WRITE : reference;
    int done = 0;
    while (done < length) {
      long at = address + done;
      int first = (int) at & 0xfff;
      int nPages = (int) Math.min(PAGES_AT_ONCE, (first + (long) (length - done) + 4095) >>> 12);
      long got = gup.get(mm, at, nPages, flags, pages);
      if (got <= 0) {
        return got;
      }
      for (int i = 0; i < got; i++) {
        int start = i == 0 ? first : 0;
        int n = Math.min(length - done, 4096 - start);
        if (intoMemory) {
          bytes.write(pages[i], start, file, done, n);
        } else {
          bytes.read(pages[i], start, file, done, n);
        }
        done += n;
      }
      pins.release(pages, (int) got, flags, intoMemory);
    }
    return done;
  }
}
