package org.pfnlab.drivers.dmabuf;

import org.pfnlab.core.kernel.KernelBug;

/**
 * What happens when a fault handler trusts an index and reads behind its array of pages: it maps
 * whatever lies there. On a real machine anything may follow, so the model stops.
 */
public final class PageArray {
  /** A fault handler took a page from behind its array. */
  public static final KernelBug READ_BEHIND =
      new KernelBug("handle_mm_fault", "the driver hands back what lies behind its array of pages");

  private PageArray() {}
}
