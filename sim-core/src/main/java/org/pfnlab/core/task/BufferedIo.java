package org.pfnlab.core.task;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.Mm;

/**
 * Ordinary read(2) and write(2) at the start of a regular file (generic_perform_write,
 * filemap_read): the CPU copies, no page is got, so any memory that user code could touch will do.
 * The file is an array here.
 */
public final class BufferedIo {
  /** A piece of which only the first bytes can be read is written in part; before, not at all. */
  public static final Feature WRITE_FAULTS_IN_PARTLY =
      Feature.define(
          "WRITE_FAULTS_IN_PARTLY",
          "a6294593e8a1, v5.16: fault_in_iov_iter_readable fails only if nothing is readable",
          Releases.since("v5.16"));

  private static final int PAGE = 4096;

  private final UserAccess access;
  private final boolean partly;

  /** Copies by the rules of this kernel. */
  public BufferedIo(Kernel kernel, UserAccess access) {
    this.access = access;
    this.partly = kernel.has(WRITE_FAULTS_IN_PARTLY);
  }

  /**
   * write(2): the file gets what the user's memory holds.
   *
   * @return bytes, which end at memory that cannot be read, or -EFAULT if that is at the start
   */
  public long write(Mm mm, long address, byte[] file, int length) {
    int done = 0;
    while (done < length) {
      int piece = Math.min(PAGE, length - done);
      int copied = access.copyFromUser(mm, address + done, file, done, piece);
      if (copied < piece) {
        done += partly ? copied : 0;
        break;
      }
      done += copied;
    }
    return done > 0 || length == 0 ? done : -Errno.EFAULT;
  }

  /** read(2): the user's memory gets what the file holds; as {@link #write}, to the byte. */
  public long read(Mm mm, long address, byte[] file, int length) {
    int done = access.copyToUser(mm, address, file, 0, length);
    return done > 0 || length == 0 ? done : -Errno.EFAULT;
  }
}
