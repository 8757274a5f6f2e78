package org.pfnlab.drivers.drm;

import java.util.ArrayList;
import java.util.List;

/**
 * drm_vma_offset_node: the fake offset under which one object, or one way of mapping it, is found
 * in the device file, and the open files that may use it.
 */
public final class VmaNode {
  private final long start;
  private final long pages;
  private final Object owner;
  private final List<DrmFile> allowed = new ArrayList<>(1);

  VmaNode(long start, long pages, Object owner) {
    this.start = start;
    this.pages = pages;
    this.owner = owner;
  }

  /** First page of the fake offset (drm_vma_node_start). */
  public long start() {
    return start;
  }

  /** Length in pages. */
  public long pages() {
    return pages;
  }

  /** What is mapped there. */
  public Object owner() {
    return owner;
  }

  /** drm_vma_node_allow: this open file may map it. */
  public void allow(DrmFile file) {
    allowed.add(file);
  }

  /** drm_vma_node_revoke: it may no longer. */
  public void revoke(DrmFile file) {
    allowed.remove(file);
  }

  /** drm_vma_node_is_allowed. */
  public boolean isAllowed(DrmFile file) {
    return allowed.contains(file);
  }
}
