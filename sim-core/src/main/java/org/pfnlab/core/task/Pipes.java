package org.pfnlab.core.task;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.pfnlab.core.gup.GupFast;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.PageBytes;

/**
 * vmsplice(2) from user memory into a pipe (fs/splice.c): the pipe takes references on the pages
 * themselves (FOLL_GET, for reading), so what is stored there later comes out of the pipe.
 */
public final class Pipes implements FrameHolder {
  /** Pages that iter_to_pipe gets at a time. */
  private static final int PAGES_AT_ONCE = 16;

  private final Meter meter;
  private final GupFast gup;
  private final Pins pins;
  private final PageBytes bytes;
  private final long[] pages = new long[PAGES_AT_ONCE];
  private final List<Pipe> open = new ArrayList<>();

  /** Gets pages by the rules of this kernel. */
  public Pipes(Kernel kernel, Frames frames, GupFast gup, Pins pins) {
    this.meter = kernel.meter;
    this.gup = gup;
    this.pins = pins;
    this.bytes = new PageBytes(frames);
  }

  /** pipe(2): room for this many buffers, a page each ({@link Pipe#DEFAULT_BUFFERS}). */
  public Pipe create(int buffers) {
    Pipe pipe = new Pipe(buffers);
    open.add(pipe);
    return pipe;
  }

  /** The pipes that are open. */
  public List<Pipe> open() {
    return Collections.unmodifiableList(open);
  }

  /**
   * vmsplice with SPLICE_F_NONBLOCK.
   *
   * @return bytes spliced, which end at a full pipe or at the first page that cannot be got; -errno
   *     if that is at once: EAGAIN, EFAULT, EEXIST (an entry without a page, since v5.18)
   */
  public long vmsplice(Mm mm, long address, long length, Pipe pipe) {
    if (!meter.tracing) {
      return toPipe(mm, address, length, pipe);
    }
    meter.enter("vmsplice_to_pipe", address, length);
    long result = toPipe(mm, address, length, pipe);
    meter.exit("vmsplice_to_pipe", result);
    return result;
  }

  private long toPipe(Mm mm, long address, long length, Pipe pipe) {
    long done = 0;
    while (done < length) {
      if (pipe.isFull()) {
        return done > 0 ? done : -Errno.EAGAIN;
      }
      long at = address + done;
      int first = (int) at & 0xfff;
      int nPages = (int) Math.min(PAGES_AT_ONCE, (first + (length - done) + 4095) >>> 12);
      long got = gup.get(mm, at, nPages, GupFlags.FOLL_GET, pages);
      if (got <= 0) {
        return done > 0 ? done : got;
      }
      for (int i = 0; i < got; i++) {
        if (pipe.isFull()) {
          pins.put(pages[i]);
          continue;
        }
        int start = i == 0 ? first : 0;
        int n = (int) Math.min(4096 - start, length - done);
        pipe.add(pages[i], start, n);
        done += n;
      }
    }
    return done;
  }

  /**
   * A non-blocking read(2) of the pipe into an array.
   *
   * @return bytes, or -EAGAIN if it is empty
   */
  public long read(Pipe pipe, byte[] into, int length) {
    if (pipe.buffers() == 0) {
      return -Errno.EAGAIN;
    }
    int done = 0;
    while (done < length && pipe.buffers() > 0) {
      long pfn = pipe.pfn(0);
      int n = Math.min(length - done, pipe.length());
      bytes.read(pfn, pipe.offset(), into, done, n);
      done += n;
      if (pipe.consume(n)) {
        pins.put(pfn);
      }
    }
    return done;
  }

  /** Closes both ends: the references go. */
  public void close(Pipe pipe) {
    while (pipe.buffers() > 0) {
      long pfn = pipe.pfn(0);
      pipe.consume(pipe.length());
      pins.put(pfn);
    }
    open.remove(pipe);
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (Pipe pipe : open) {
      for (int i = 0; i < pipe.buffers(); i++) {
        references.mergeInt(pipe.pfn(i), 1, Integer::sum);
      }
    }
  }

  /** Forgets all pipes; the frames are reset by their owner. */
  public void reset() {
    open.clear();
  }
}
