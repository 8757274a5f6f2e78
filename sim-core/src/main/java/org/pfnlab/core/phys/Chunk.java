package org.pfnlab.core.phys;

import org.jspecify.annotations.Nullable;

/**
 * State and content of 512 consecutive frames in flat arrays, made when the first of them is
 * touched.
 *
 * <pre>
 *   meta     63                         24 23            0
 *           +-----------------------------+---------------+
 *           |           index             |     flags     |   8 bytes
 *           +-----------------------------+---------------+
 *   refs, maps                                              4 + 4
 *   mapping (reference)                                     4
 *   words (the first eight bytes of content)                8      28 bytes a frame
 *   tails (references), only once a frame of the chunk has content beyond its first word
 *   touched: one bit a frame
 * </pre>
 *
 * <p>Chunks of device memory have content only.
 */
final class Chunk {
  static final int SHIFT = 9;
  static final int FRAMES = 1 << SHIFT;
  static final int INDEX_SHIFT = 24;
  static final long FLAGS = (1L << INDEX_SHIFT) - 1;

  private static final int[] NO_COUNTS = {};
  private static final long[] NO_WORDS = {};
  private static final @Nullable Object[] NO_REFERENCES = {};

  final long firstPfn;
  private final boolean hasPages;
  final int[] refs;
  final int[] maps;
  final long[] meta;
  final @Nullable Object[] mapping;
  final long[] touched = new long[FRAMES / 64];
  long[] words = NO_WORDS;
  @Nullable PageTail @Nullable [] tails;

  /** Whether the machine has listed the chunk as touched. */
  boolean listed;

  /** Whether no frame of the chunk is reserved at boot. */
  boolean bootsFree = true;

  Chunk(long firstPfn, boolean hasPages) {
    this.firstPfn = firstPfn;
    this.hasPages = hasPages;
    refs = hasPages ? new int[FRAMES] : NO_COUNTS;
    maps = hasPages ? new int[FRAMES] : NO_COUNTS;
    meta = hasPages ? new long[FRAMES] : NO_WORDS;
    mapping = hasPages ? new Object[FRAMES] : NO_REFERENCES;
  }

  boolean hasPages() {
    return hasPages;
  }

  void touch(int i) {
    touched[i >>> 6] |= 1L << i;
  }

  boolean isTouched(int i) {
    return (touched[i >>> 6] >>> i & 1) != 0;
  }

  long loadWord(int i, int word) {
    if (words.length == 0) {
      return 0;
    }
    if (word == 0) {
      return words[i];
    }
    PageTail tail = tails == null ? null : tails[i];
    return tail == null ? 0 : tail.word(word);
  }

  void storeWord(int i, int word, long value) {
    if (word == 0) {
      if (value != 0 || words.length != 0) {
        writableWords()[i] = value;
      }
      return;
    }
    PageTail tail = tails == null ? null : tails[i];
    if (tail == null) {
      if (value == 0) {
        return;
      }
      tail = PageTail.uniform(0);
    }
    setTail(i, tail.store(word, value));
  }

  void fill(int i, long word, @Nullable PageTail tail) {
    if (word != 0 || words.length != 0) {
      writableWords()[i] = word;
    }
    if (tail != null || tails != null) {
      setTail(i, tail);
    }
  }

  @Nullable PageTail tail(int i) {
    return tails == null ? null : tails[i];
  }

  private long[] writableWords() {
    if (words.length == 0) {
      words = new long[FRAMES];
    }
    return words;
  }

  private void setTail(int i, @Nullable PageTail tail) {
    if (tails == null) {
      tails = new PageTail[FRAMES];
      writableWords();
    }
    tails[i] = tail;
  }

  /** Forgets what happened to a frame; the caller restores what it was at boot. */
  void wipe(int i) {
    if (hasPages()) {
      refs[i] = 0;
      maps[i] = 0;
      meta[i] = 0;
      mapping[i] = null;
    }
    if (words.length != 0) {
      words[i] = 0;
    }
    if (tails != null) {
      tails[i] = null;
    }
  }
}
