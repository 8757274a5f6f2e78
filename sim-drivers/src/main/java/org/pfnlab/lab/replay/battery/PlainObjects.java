package org.pfnlab.lab.replay.battery;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.file.FileSystem;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.FileObject;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.Opened;
import org.pfnlab.lab.verdict.NotModelled;

/** Objects that belong to no driver: the battery's controls. */
public final class PlainObjects {
  private PlainObjects() {}

  /**
   * Makes objects of the kind that recordings call so: one of these, or a driver's.
   *
   * @throws NotModelled if there is none
   */
  public static Device device(Machine machine, String kind) {
    Device plain = find(machine, kind);
    if (plain != null) {
      return plain;
    }
    Kind driver = KindCatalog.standard().find(kind);
    if (driver == null) {
      throw new NotModelled("kind " + kind);
    }
    return driver.on(machine);
  }

  /** Makes objects of this kind; null if it is none of these. */
  private static @Nullable Device find(Machine machine, String kind) {
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

  private static final class PlainObject extends FileObject {
    private final FileSystem files;

    PlainObject(FileSystem files, OpenFile file, long pages) {
      super(file, 0, pages);
      this.files = files;
    }

    @Override
    public Opened reopen(int mode) {
      return Opened.of(files.reopen(file(), mode));
    }

    @Override
    public long word(long page) {
      byte[] bytes = new byte[8];
      files.pread(file(), bytes, bytes.length, page << 12);
      return CaseRun.word(bytes, 0);
    }
  }
}
