package org.pfnlab.drivers.drm;

import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Opened;

/** A dumb buffer under test: made through an open device, mapped at its fake offset in it. */
public final class DumbBuffer extends ObjectUnderTest {
  private final OpenFile file;
  private final GemObject object;

  /**
   * DRM_IOCTL_MODE_CREATE_DUMB and MAP_DUMB.
   *
   * @param file the open device, whose reference goes to this object
   * @param object a new object, whose reference becomes the handle's
   */
  public DumbBuffer(OpenFile file, GemObject object) {
    this.file = file;
    this.object = object;
    DrmDevice.fileOf(file).addHandle(object);
  }

  @Override
  public OpenFile file() {
    return file;
  }

  @Override
  public long offset() {
    return object.node().start() << 12;
  }

  @Override
  public long pages() {
    return object.pages();
  }

  /** Another open of the device, which has no handle of the buffer and may not map it. */
  @Override
  public Opened reopen(int mode) {
    return Opened.of(object.device().open(mode));
  }

  @Override
  public long word(long page) {
    long pfn = object.pfn(page);
    return pfn < 0 ? 0 : object.device().machine().frames().loadWord(pfn, 0);
  }

  @Override
  public void close() {
    file.put();
  }

  /** The object. */
  public GemObject object() {
    return object;
  }
}
