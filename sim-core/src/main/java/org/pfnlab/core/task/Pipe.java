package org.pfnlab.core.task;

/**
 * pipe_inode_info: a ring of buffers, each of which holds a reference on a page and names a part of
 * it. Only {@link Pipes} fills and empties it.
 */
public final class Pipe {
  /** PIPE_DEF_BUFFERS. */
  public static final int DEFAULT_BUFFERS = 16;

  private final long[] pfns;
  private final int[] offsets;
  private final int[] lengths;
  private int head;
  private int size;

  Pipe(int buffers) {
    pfns = new long[buffers];
    offsets = new int[buffers];
    lengths = new int[buffers];
  }

  /** Buffers in use, each with one page reference. */
  public int buffers() {
    return size;
  }

  /** The page of the i-th buffer, oldest first. */
  public long pfn(int i) {
    return pfns[slot(i)];
  }

  boolean isFull() {
    return size == pfns.length;
  }

  void add(long pfn, int offset, int length) {
    int slot = slot(size++);
    pfns[slot] = pfn;
    offsets[slot] = offset;
    lengths[slot] = length;
  }

  int offset() {
    return offsets[head];
  }

  int length() {
    return lengths[head];
  }

  /** Takes bytes from the oldest buffer; true if it is used up and gone from the ring. */
  boolean consume(int bytes) {
    offsets[head] += bytes;
    lengths[head] -= bytes;
    if (lengths[head] > 0) {
      return false;
    }
    head = slot(1);
    size--;
    return true;
  }

  private int slot(int i) {
    return (head + i) % pfns.length;
  }
}
