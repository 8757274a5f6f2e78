package org.pfnlab.core.phys;

import java.util.Arrays;

/**
 * The bytes of a page beyond its first eight, as words 1 to 511, little-endian: one byte repeated,
 * that with a few words patched, or all words.
 */
abstract class PageTail {
  private static final Uniform[] UNIFORM = new Uniform[256];

  static {
    Arrays.setAll(UNIFORM, Uniform::new);
  }

  /** A page of one byte; immutable and shared. */
  static PageTail uniform(int value) {
    return UNIFORM[value & 0xff];
  }

  /** Eight times the same byte. */
  static long repeat(int value) {
    return (value & 0xffL) * 0x0101_0101_0101_0101L;
  }

  abstract long word(int index);

  /** Stores a word, and returns what represents the page from now on. */
  abstract PageTail store(int index, long value);

  /** A tail that later stores to this one do not change. */
  abstract PageTail copy();

  private static final class Uniform extends PageTail {
    private final long word;

    Uniform(int value) {
      this.word = repeat(value);
    }

    @Override
    long word(int index) {
      return word;
    }

    @Override
    PageTail store(int index, long value) {
      return value == word ? this : new Sparse(word).store(index, value);
    }

    @Override
    PageTail copy() {
      return this;
    }
  }

  private static final class Sparse extends PageTail {
    private static final int MOST = 16;

    private final long base;
    private short[] indexes = new short[2];
    private long[] values = new long[2];
    private int patches;

    Sparse(long base) {
      this.base = base;
    }

    private int find(int index) {
      for (int i = 0; i < patches; i++) {
        if (indexes[i] == index) {
          return i;
        }
      }
      return -1;
    }

    @Override
    long word(int index) {
      int at = find(index);
      return at < 0 ? base : values[at];
    }

    @Override
    PageTail store(int index, long value) {
      int at = find(index);
      if (at >= 0) {
        values[at] = value;
        return this;
      }
      if (patches == MOST) {
        return dense().store(index, value);
      }
      if (patches == values.length) {
        indexes = Arrays.copyOf(indexes, patches * 2);
        values = Arrays.copyOf(values, patches * 2);
      }
      indexes[patches] = (short) index;
      values[patches++] = value;
      return this;
    }

    private PageTail dense() {
      long[] words = new long[512];
      Arrays.fill(words, base);
      for (int i = 0; i < patches; i++) {
        words[indexes[i]] = values[i];
      }
      return new Dense(words);
    }

    @Override
    PageTail copy() {
      Sparse copy = new Sparse(base);
      copy.indexes = indexes.clone();
      copy.values = values.clone();
      copy.patches = patches;
      return copy;
    }
  }

  private static final class Dense extends PageTail {
    private final long[] words;

    Dense(long[] words) {
      this.words = words;
    }

    @Override
    long word(int index) {
      return words[index];
    }

    @Override
    PageTail store(int index, long value) {
      words[index] = value;
      return this;
    }

    @Override
    PageTail copy() {
      return new Dense(words.clone());
    }
  }
}
