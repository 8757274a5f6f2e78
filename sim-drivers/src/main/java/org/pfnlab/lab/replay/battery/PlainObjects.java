package org.pfnlab.lab.replay.battery;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.file.FileSystem;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Opened;

/** Objects that belong to no driver: the battery's controls. */
public final class PlainObjects {
  private PlainObjects() {}

  /** Makes objects of this kind; null if it is none of these. */
  public static @Nullable Device find(Machine machine, String kind) {
    FileSystem files = machine.files();
    return switch (kind) {
      case "memfd" -> pages -> new PlainObject(files, files.memfd("orc", pages << 12), pages);
      case "file_tmpfs" -> new NamedFile(files, files.memfd("mapfile", 0));
      case "file_ext4" -> new NamedFile(files, files.regular("mapfile", 0));
      default -> null;
    };
  }

  /** Opening makes another description of one and the same file, which has a path. */
  private record NamedFile(FileSystem files, OpenFile file) implements Device {
    @Override
    public ObjectUnderTest open(long pages) {
      OpenFile opened = files.reopen(file, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE);
      files.truncate(opened, pages << 12);
      return new PlainObject(files, opened, pages);
    }
  }

  private static final class PlainObject extends ObjectUnderTest {
    private final FileSystem files;
    private final OpenFile file;
    private final long pages;

    PlainObject(FileSystem files, OpenFile file, long pages) {
      this.files = files;
      this.file = file;
      this.pages = pages;
    }

    @Override
    public OpenFile file() {
      return file;
    }

    @Override
    public long offset() {
      return 0;
    }

    @Override
    public long pages() {
      return pages;
    }

    @Override
    public Opened reopen(int mode) {
      return Opened.of(files.reopen(file, mode));
    }

    @Override
    public long word(long page) {
      byte[] bytes = new byte[8];
      files.pread(file, bytes, bytes.length, page << 12);
      return CaseRun.word(bytes, 0);
    }

    @Override
    public void close() {
      file.put();
    }
  }
}
