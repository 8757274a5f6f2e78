package org.pfnlab.core.mm;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Up to 64 neighbouring VMAs of a {@link VmaTree}, with their borders in flat arrays. What lies
 * behind the last end is {@code Long.MAX_VALUE}, so that a full-sized leaf is searched without
 * looking at its count.
 */
final class VmaLeaf {
  /** The most VMAs of a leaf: eight cache lines of ends. */
  static final int CAPACITY = 64;

  private static final int SMALL = 8;

  /** First bytes, ascending. */
  long[] starts = new long[SMALL];

  /** First bytes behind, ascending. */
  long[] ends = new long[SMALL];

  @Nullable Vma[] vmas = new Vma[SMALL];
  int count;

  VmaLeaf() {
    Arrays.fill(ends, Long.MAX_VALUE);
  }

  /** The VMA in this slot. */
  Vma get(int slot) {
    Vma vma = vmas[slot];
    if (vma == null) {
      throw new IllegalStateException("no VMA in slot " + slot + " of " + count);
    }
    return vma;
  }

  boolean isFull() {
    return count == CAPACITY;
  }

  /** Puts a VMA into a slot; those from there on move up. There must be room. */
  void insert(int slot, Vma vma) {
    if (count == starts.length) {
      grow(2 * count);
    }
    move(this, slot, this, slot + 1, count - slot);
    starts[slot] = vma.start;
    ends[slot] = vma.end;
    vmas[slot] = vma;
    count++;
  }

  /** Takes a VMA out; those behind move down. */
  void remove(int slot) {
    move(this, slot + 1, this, slot, count - slot - 1);
    vmas[--count] = null;
    ends[count] = Long.MAX_VALUE;
  }

  /** Gives all from a slot on to a new leaf. */
  VmaLeaf splitAt(int slot) {
    VmaLeaf upper = new VmaLeaf();
    upper.grow(CAPACITY);
    upper.count = count - slot;
    move(this, slot, upper, 0, upper.count);
    Arrays.fill(vmas, slot, count, null);
    Arrays.fill(ends, slot, count, Long.MAX_VALUE);
    count = slot;
    return upper;
  }

  /** Takes all of the next leaf in, for which there must be room. */
  void append(VmaLeaf next) {
    if (count + next.count > starts.length) {
      grow(CAPACITY);
    }
    move(next, 0, this, count, next.count);
    count += next.count;
  }

  private static void move(VmaLeaf from, int at, VmaLeaf to, int where, int n) {
    System.arraycopy(from.starts, at, to.starts, where, n);
    System.arraycopy(from.ends, at, to.ends, where, n);
    System.arraycopy(from.vmas, at, to.vmas, where, n);
  }

  private void grow(int capacity) {
    starts = Arrays.copyOf(starts, capacity);
    ends = Arrays.copyOf(ends, capacity);
    Arrays.fill(ends, count, capacity, Long.MAX_VALUE);
    vmas = Arrays.copyOf(vmas, capacity);
  }

  /** The slot of the first VMA that ends behind the address, of which there must be one. */
  int firstBehind(long address) {
    long[] e = ends;
    if (e.length < CAPACITY) {
      return firstAbove(e, count, address);
    }
    // One look at every cache line, which come from memory side by side, then three into one.
    long least = Math.max(address, -1) + 1;
    int line = below(e[7], least) + below(e[15], least) + below(e[23], least) + below(e[31], least);
    line += below(e[39], least) + below(e[47], least) + below(e[55], least);
    int slot = line << 3;
    slot = e[slot + 3] <= address ? slot + 4 : slot;
    slot = e[slot + 1] <= address ? slot + 2 : slot;
    return e[slot] <= address ? slot + 1 : slot;
  }

  /** 1 if the key, which is not negative, is below, else 0. */
  private static int below(long key, long least) {
    return (int) ((key - least) >>> 63);
  }

  /**
   * The index of the first of these ascending numbers that is above the address, or their count.
   * The two outcomes of a step are alike for the JIT, so that it uses a conditional move: for
   * random addresses every second branch would be guessed wrong.
   */
  static int firstAbove(long[] keys, int count, long address) {
    int base = 0;
    int left = count;
    while (left > 1) {
      int half = left >>> 1;
      base = keys[base + half - 1] <= address ? base + half : base;
      left -= half;
    }
    return left == 1 && keys[base] <= address ? base + 1 : base;
  }
}
