package org.pfnlab.core.machine;

import org.pfnlab.core.pat.RamPageTypes;
import org.pfnlab.core.phys.Frames;

/** The cache modes of RAM pages, kept in their page flags. */
final class FrameMemtypes implements RamPageTypes {
  private final Frames frames;

  FrameMemtypes(Frames frames) {
    this.frames = frames;
  }

  @Override
  public int type(long pfn) {
    return frames.memtype(pfn);
  }

  @Override
  public boolean isRam(long pfn) {
    return frames.isRam(pfn);
  }

  @Override
  public void set(long pfn, int type) {
    frames.setMemtype(pfn, type);
  }
}
