package org.pfnlab.core.phys;

/** Recounts the frames from scratch. */
final class FrameCheck {
  private FrameCheck() {}

  static void check(ChunkMap chunks, Buddy buddy) {
    long used = 0;
    for (int n = 0; n < chunks.dirtyCount(); n++) {
      Chunk chunk = chunks.dirty(n);
      for (int i = 0; i < Chunk.FRAMES && chunk.hasPages(); i++) {
        if (chunk.isTouched(i)) {
          used += check(chunk, i, chunks, buddy);
        }
      }
    }
    if (used + buddy.freePages() != buddy.managedPages()) {
      throw new IllegalStateException(
          used
              + " pages in use and "
              + buddy.freePages()
              + " free, but "
              + buddy.managedPages()
              + " managed");
    }
  }

  /** Whether the frame is a page in use, as 0 or 1. */
  private static int check(Chunk chunk, int i, ChunkMap chunks, Buddy buddy) {
    long pfn = chunk.firstPfn + i;
    int refs = chunk.refs[i];
    if (!chunks.isManaged(pfn)) {
      require(refs > 0, pfn, "is reserved but has no reference");
      return 0;
    }
    int around = buddy.freeBlocksAround(pfn);
    require(refs >= 0 && chunk.maps[i] >= 0, pfn, "has a negative count");
    require(
        around == (refs == 0 ? 1 : 0), pfn, refs + " references, in " + around + " free blocks");
    if (refs == 0) {
      require(chunk.maps[i] == 0, pfn, "is free but mapped");
      require(chunk.mapping[i] == null, pfn, "is free but has an owner");
      long meta = chunk.meta[i];
      require(meta == 0 || (meta & Chunk.FLAGS) == Frames.BUDDY, pfn, "is free but has flags");
    }
    return refs == 0 ? 0 : 1;
  }

  private static void require(boolean holds, long pfn, String what) {
    if (!holds) {
      throw Frames.broken(pfn, what);
    }
  }
}
