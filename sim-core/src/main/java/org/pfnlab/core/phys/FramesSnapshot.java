package org.pfnlab.core.phys;

import com.google.common.collect.ImmutableMap;
import java.util.Map;

/** State and content of all frames, and what is free, at one moment. */
public final class FramesSnapshot {
  private final ChunkCopy[] copies;
  private final ZoneBlocks[] free;
  private final ImmutableMap<Long, Long> largeIndexes;

  FramesSnapshot(ChunkMap chunks, Buddy buddy, Map<Long, Long> largeIndexes) {
    copies = new ChunkCopy[chunks.dirtyCount()];
    for (int i = 0; i < copies.length; i++) {
      copies[i] = new ChunkCopy(chunks.dirty(i));
    }
    free = buddy.snapshot();
    this.largeIndexes = ImmutableMap.copyOf(largeIndexes);
  }

  /** Puts everything into a machine's memory that has just been reset. */
  void restore(ChunkMap chunks, Buddy buddy, Map<Long, Long> indexes) {
    for (ChunkCopy copy : copies) {
      copy.restore(chunks);
    }
    buddy.restore(free);
    indexes.putAll(largeIndexes);
  }
}
