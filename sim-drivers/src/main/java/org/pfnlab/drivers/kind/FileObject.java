package org.pfnlab.drivers.kind;

import org.pfnlab.core.mm.OpenFile;

/** An object that is a range of one open file, and lives at least as long as that. */
public abstract class FileObject extends ObjectUnderTest {
  private final OpenFile file;
  private final long offset;
  private final long pages;

  /**
   * A part of an open file.
   *
   * @param file closed with the object
   * @param offset bytes of the file before it
   * @param pages its length
   */
  protected FileObject(OpenFile file, long offset, long pages) {
    this.file = file;
    this.offset = offset;
    this.pages = pages;
  }

  @Override
  public final OpenFile file() {
    return file;
  }

  @Override
  public final long offset() {
    return offset;
  }

  @Override
  public final long pages() {
    return pages;
  }

  @Override
  public final void close() {
    file.put();
  }
}
