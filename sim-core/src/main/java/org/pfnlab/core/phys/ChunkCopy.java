package org.pfnlab.core.phys;

import org.jspecify.annotations.Nullable;

/** What the touched frames of one chunk looked like when a snapshot was taken. */
final class ChunkCopy {
  private final long firstPfn;
  private final long[] touched;
  private final int[] refs;
  private final int[] maps;
  private final long[] meta;
  private final long[] words;
  private final @Nullable Object[] mapping;
  private final @Nullable PageTail[] tails;

  ChunkCopy(Chunk chunk) {
    firstPfn = chunk.firstPfn;
    touched = chunk.touched.clone();
    int n = 0;
    for (long bits : touched) {
      n += Long.bitCount(bits);
    }
    boolean pages = chunk.hasPages();
    refs = new int[pages ? n : 0];
    maps = new int[pages ? n : 0];
    meta = new long[pages ? n : 0];
    mapping = new Object[pages ? n : 0];
    words = new long[n];
    tails = new PageTail[n];
    int at = 0;
    for (int w = 0; w < touched.length; w++) {
      for (long bits = touched[w]; bits != 0; bits &= bits - 1) {
        int i = w << 6 | Long.numberOfTrailingZeros(bits);
        if (pages) {
          refs[at] = chunk.refs[i];
          maps[at] = chunk.maps[i];
          meta[at] = chunk.meta[i];
          mapping[at] = chunk.mapping[i];
        }
        words[at] = chunk.loadWord(i, 0);
        PageTail tail = chunk.tail(i);
        tails[at++] = tail == null ? null : tail.copy();
      }
    }
  }

  void restore(ChunkMap chunks) {
    int at = 0;
    for (int w = 0; w < touched.length; w++) {
      for (long bits = touched[w]; bits != 0; bits &= bits - 1) {
        int i = w << 6 | Long.numberOfTrailingZeros(bits);
        Chunk chunk = chunks.touch(firstPfn + i);
        if (chunk.hasPages()) {
          chunk.refs[i] = refs[at];
          chunk.maps[i] = maps[at];
          chunk.meta[i] = meta[at];
          chunk.mapping[i] = mapping[at];
        }
        PageTail tail = tails[at];
        chunk.fill(i, words[at++], tail == null ? null : tail.copy());
      }
    }
  }
}
