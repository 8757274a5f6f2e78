package org.pfnlab.drivers.drm;

import java.util.ArrayList;
import java.util.List;

/** drm_file: one open of a device; the handles that it made keep their objects alive. */
public final class DrmFile {
  private final List<GemObject> handles = new ArrayList<>();

  DrmFile() {}

  /** drm_gem_handle_create: a handle, with the reference that the caller held. */
  public void addHandle(GemObject object) {
    handles.add(object);
    object.node().allow(this);
  }

  void release() {
    for (GemObject object : handles) {
      object.node().revoke(this);
      object.put();
    }
    handles.clear();
  }
}
