package org.pfnlab.core.phys;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Chunks by pfn, in a radix tree of three levels over pfn bits 39..9 (11, 10 and 10 bits), and the
 * list of those that were touched since boot.
 */
final class ChunkMap {
  private static final Chunk NONE = new Chunk(-1, false);

  private final MemoryMap memory;
  private final long zeroPfn;
  private final @Nullable Chunk[] @Nullable [] @Nullable [] root = new Chunk[1 << 11][][];
  private Chunk last = NONE;
  private Chunk[] dirty = new Chunk[8];
  private int dirtyCount;
  private int created;

  ChunkMap(MemoryMap memory, long zeroPfn) {
    this.memory = memory;
    this.zeroPfn = zeroPfn;
  }

  /** The chunk of a pfn, or null if nobody touched it yet. */
  @Nullable Chunk find(long pfn) {
    Chunk chunk = last;
    if (chunk.firstPfn == (pfn & -Chunk.FRAMES)) {
      return chunk;
    }
    check(pfn);
    @Nullable Chunk @Nullable [] @Nullable [] middle = root[(int) (pfn >>> 29)];
    @Nullable Chunk @Nullable [] low = middle == null ? null : middle[(int) (pfn >>> 19) & 1023];
    Chunk found = low == null ? null : low[(int) (pfn >>> 9) & 1023];
    if (found != null) {
      last = found;
    }
    return found;
  }

  /** The chunk of a pfn, made if nobody touched it yet; the frame is marked as touched. */
  Chunk touch(long pfn) {
    Chunk chunk = find(pfn);
    if (chunk == null) {
      chunk = create(pfn);
    }
    if (!chunk.listed) {
      list(chunk);
    }
    chunk.touch((int) pfn & Chunk.FRAMES - 1);
    return chunk;
  }

  private Chunk create(long pfn) {
    long first = pfn & -Chunk.FRAMES;
    Chunk chunk = new Chunk(first, memory.hasPage(first));
    if (chunk.hasPages() && !isManaged(first, first + Chunk.FRAMES)) {
      for (int i = 0; i < Chunk.FRAMES; i++) {
        boot(chunk, i);
      }
    }
    @Nullable Chunk @Nullable [] @Nullable [] middle = root[(int) (pfn >>> 29)];
    if (middle == null) {
      middle = new Chunk[1 << 10][];
      root[(int) (pfn >>> 29)] = middle;
    }
    @Nullable Chunk @Nullable [] low = middle[(int) (pfn >>> 19) & 1023];
    if (low == null) {
      low = new Chunk[1 << 10];
      middle[(int) (pfn >>> 19) & 1023] = low;
    }
    low[(int) (pfn >>> 9) & 1023] = chunk;
    created++;
    last = chunk;
    return chunk;
  }

  private void list(Chunk chunk) {
    if (dirtyCount == dirty.length) {
      dirty = Arrays.copyOf(dirty, dirtyCount * 2);
    }
    dirty[dirtyCount++] = chunk;
    chunk.listed = true;
  }

  private static void check(long pfn) {
    if (pfn < 0 || pfn >= 1L << 40) {
      throw new IllegalArgumentException("pfn 0x" + Long.toHexString(pfn) + " is not below 2^40");
    }
  }

  /**
   * Puts a frame with a struct page into its state at boot: free, or reserved with one reference.
   */
  private void boot(Chunk chunk, int i) {
    long pfn = chunk.firstPfn + i;
    if (!isManaged(pfn)) {
      chunk.refs[i] = 1;
      chunk.meta[i] = bootFlags(pfn);
      chunk.bootsFree = false;
    }
  }

  private boolean isManaged(long first, long behind) {
    return (zeroPfn < first || zeroPfn >= behind) && memory.isManaged(first, behind);
  }

  boolean isManaged(long pfn) {
    return pfn != zeroPfn && memory.isManaged(pfn);
  }

  int bootFlags(long pfn) {
    if (pfn == zeroPfn) {
      return Frames.RESERVED | Frames.ZERO_PAGE | Frames.UPTODATE;
    }
    return memory.isManaged(pfn) ? 0 : Frames.RESERVED;
  }

  /** Puts all touched frames back into their state at boot. */
  void reset() {
    for (int n = 0; n < dirtyCount; n++) {
      reset(dirty[n]);
    }
    dirtyCount = 0;
  }

  private void reset(Chunk chunk) {
    for (int w = 0; w < chunk.touched.length; w++) {
      for (long bits = chunk.touched[w]; bits != 0; bits &= bits - 1) {
        int i = (w << 6) | Long.numberOfTrailingZeros(bits);
        chunk.wipe(i);
        if (!chunk.bootsFree) {
          boot(chunk, i);
        }
      }
      chunk.touched[w] = 0;
    }
    chunk.listed = false;
  }

  int dirtyCount() {
    return dirtyCount;
  }

  Chunk dirty(int n) {
    return dirty[n];
  }

  /** How many chunks exist: what a machine's memory costs. */
  int created() {
    return created;
  }
}
