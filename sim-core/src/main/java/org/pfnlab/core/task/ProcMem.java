package org.pfnlab.core.task;

import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Mm;

/**
 * /proc/pid/mem (mem_rw of fs/proc/base.c) and ptrace(2)'s PEEK and POKE: a debugger's access, with
 * FOLL_FORCE. Whether the caller may do it is not modelled.
 */
public final class ProcMem {
  private static final int PAGE = 4096;
  private static final int READ = GupFlags.FOLL_FORCE;
  private static final int WRITE = GupFlags.FOLL_FORCE | GupFlags.FOLL_WRITE;

  private final RemoteAccess remote;
  private final byte[] word = new byte[8];

  /** Accesses through access_remote_vm. */
  public ProcMem(RemoteAccess remote) {
    this.remote = remote;
  }

  /**
   * read(2) of /proc/pid/mem.
   *
   * @return bytes, which end where something stops it, or -EIO if that is at the start
   */
  public long read(Mm mm, long address, byte[] into, int length) {
    return transfer(mm, address, into, length, READ);
  }

  /** write(2) to /proc/pid/mem; as {@link #read}. */
  public long write(Mm mm, long address, byte[] from, int length) {
    return transfer(mm, address, from, length, WRITE);
  }

  /** Goes on behind a piece that came out shorter than a page, as mem_rw does. */
  private long transfer(Mm mm, long address, byte[] buffer, int length, int flags) {
    int done = 0;
    while (done < length) {
      int piece = Math.min(length - done, PAGE);
      int step = remote.access(mm, address + done, buffer, done, piece, flags);
      if (step == 0) {
        return done > 0 ? done : -Errno.EIO;
      }
      done += step;
    }
    return done;
  }

  /** PTRACE_PEEKDATA: the word, or EIO if not all eight bytes could be read. */
  public Outcome peek(Mm mm, long address) {
    if (remote.access(mm, address, word, 0, 8, READ) != 8) {
      return new Outcome.Err(Errno.EIO);
    }
    long value = 0;
    for (int i = 7; i >= 0; i--) {
      value = (value << 8) | (word[i] & 0xff);
    }
    return new Outcome.Value(value);
  }

  /** PTRACE_POKEDATA: 0, or -EIO if not all eight bytes could be written. */
  public long poke(Mm mm, long address, long value) {
    for (int i = 0; i < 8; i++) {
      word[i] = (byte) (value >>> (i << 3));
    }
    return remote.access(mm, address, word, 0, 8, WRITE) == 8 ? 0 : -Errno.EIO;
  }
}
