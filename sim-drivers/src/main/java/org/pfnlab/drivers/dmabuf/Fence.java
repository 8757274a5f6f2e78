package org.pfnlab.drivers.dmabuf;

/**
 * dma_fence: work that a device has not finished yet. There is no clock here: a fence signals when
 * somebody says so, or when somebody waits for it.
 */
public final class Fence {
  private boolean signalled;

  /** Whether the work is done. */
  public boolean isSignalled() {
    return signalled;
  }

  /** The work is done. */
  public void signal() {
    signalled = true;
  }
}
