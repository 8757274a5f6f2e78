package org.pfnlab.core.phys;

import java.util.Arrays;

/** memcpy_from_page and memcpy_to_page: bytes between a frame and an array, inside one page. */
public final class PageBytes {
  private final Frames frames;

  /** Copies from and to these frames. */
  public PageBytes(Frames frames) {
    this.frames = frames;
  }

  /** Copies length bytes of the frame, from this offset in it, into the array. */
  public void read(long pfn, int at, byte[] into, int offset, int length) {
    int done = 0;
    while (done < length) {
      int position = at + done;
      long word = frames.loadWord(pfn, position & ~7);
      for (int b = position & 7; b < 8 && done < length; b++) {
        into[offset + done++] = (byte) (word >>> (b << 3));
      }
    }
  }

  /**
   * Copies length bytes of the array into the frame, from this offset in it. A whole page of one
   * byte costs no memory.
   */
  public void write(long pfn, int at, byte[] from, int offset, int length) {
    if (length == 4096
        && Arrays.equals(from, offset, offset + 4095, from, offset + 1, offset + 4096)) {
      frames.fill(pfn, from[offset]);
      return;
    }
    int done = 0;
    while (done < length) {
      int position = at + done;
      if ((position & 7) != 0 || length - done < 8) {
        frames.store(pfn, position, from[offset + done++]);
        continue;
      }
      long word = 0;
      for (int b = 7; b >= 0; b--) {
        word = (word << 8) | (from[offset + done + b] & 0xff);
      }
      frames.storeWord(pfn, position, word);
      done += 8;
    }
  }
}
