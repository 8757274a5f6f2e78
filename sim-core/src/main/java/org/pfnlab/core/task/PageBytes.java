package org.pfnlab.core.task;

import org.pfnlab.core.phys.Frames;

/** memcpy_from_page and memcpy_to_page: bytes between a frame and an array, inside one page. */
final class PageBytes {
  private final Frames frames;

  PageBytes(Frames frames) {
    this.frames = frames;
  }

  /** Copies length bytes of the frame, from this offset in it, into the array. */
  void read(long pfn, int at, byte[] into, int offset, int length) {
    int done = 0;
    while (done < length) {
      int position = at + done;
      long word = frames.loadWord(pfn, position & ~7);
      for (int b = position & 7; b < 8 && done < length; b++) {
        into[offset + done++] = (byte) (word >>> (b << 3));
      }
    }
  }

  /** Copies length bytes of the array into the frame, from this offset in it. */
  void write(long pfn, int at, byte[] from, int offset, int length) {
    if (length == 4096 && isUniform(from, offset)) {
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

  private static boolean isUniform(byte[] bytes, int offset) {
    for (int i = 1; i < 4096; i++) {
      if (bytes[offset + i] != bytes[offset]) {
        return false;
      }
    }
    return true;
  }
}
