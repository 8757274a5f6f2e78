package org.pfnlab.lab.replay.process;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.file.FileSystem;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.task.Process;
import org.pfnlab.lab.verdict.NotModelled;

/** Open file descriptions, shared by all processes, and the calls that need no process. */
final class Handles {
  private static final int READ_WRITE = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;
  private static final int MOST_PAGES = 1 << 16;

  /**
   * An open handle.
   *
   * @param name what operations call it
   * @param object what snapshots call the object behind it
   */
  private record Handle(String name, String object, OpenFile file) {}

  private final FileSystem files;
  private final Snapshots snapshots;
  private final List<Handle> open = new ArrayList<>();

  Handles(FileSystem files, Snapshots snapshots) {
    this.files = files;
    this.snapshots = snapshots;
  }

  /** The file behind a handle. */
  OpenFile file(Operation op) {
    return find(op).file;
  }

  private Handle find(Operation op) {
    for (int i = open.size() - 1; i >= 0; i--) {
      if (open.get(i).name.equals(op.text("h"))) {
        return open.get(i);
      }
    }
    throw op.impossible("no handle " + op.text("h") + " is open here");
  }

  ObjectNode open(Operation op) {
    String object = op.textOrNull("obj");
    OpenFile file =
        switch (op.text("kind")) {
          case "memfd" -> memfd(op);
          case "file" -> withMode(op, regular(op));
          case "zero" -> withMode(op, files.devZero(op.text("h")));
          case "secret" -> files.secret(op.text("h"), pages(op) << 12);
          case "bpfarray" -> files.bpfArray(op.text("h"), (int) pages(op));
          case "bpfring" -> files.bpfRing(op.text("h"), (int) pages(op));
          case "packet" -> files.packetRing(op.text("h"), (int) pages(op));
          case "perf" -> files.perfEvent(op.text("h"), (int) pages(op));
          case "uring" -> files.ioUring(op.text("h"), 4);
          case "tcp" -> files.tcpSocket(op.text("h"));
          case "reopen" -> reopen(op);
          default -> throw new NotModelled("open of " + op.text("kind"));
        };
    Handle handle = new Handle(op.text("h"), object == null ? op.text("h") : object, file);
    open.add(handle);
    snapshots.name(file.mapping, handle.object);
    return Answer.ok();
  }

  /** The ring of a new AIO context of one page. */
  OpenFile aioRing(Process process) {
    OpenFile ring = files.aioRing(process.mm, 1);
    snapshots.name(ring.mapping, "aio");
    return ring;
  }

  private static long pages(Operation op) {
    long pages = op.integer("pages", 1);
    if (pages < 0 || pages > MOST_PAGES) {
      throw op.impossible("expected \"pages\" from 0 to " + MOST_PAGES + ", found " + pages);
    }
    return pages;
  }

  private OpenFile memfd(Operation op) {
    long pages = pages(op);
    OpenFile file = files.memfd(op.text("h"), (pages << 12) + op.integer("nb", 0));
    if (op.integer("fill", 0) != 0) {
      fill(op, file, pages);
    }
    return file;
  }

  private OpenFile regular(Operation op) {
    long pages = pages(op);
    OpenFile file = files.regular(op.text("h"), 0);
    fill(op, file, pages);
    if (op.integer("nb", 0) != 0) {
      require(op, files.truncate(file, (pages << 12) + op.integer("nb", 0)));
    }
    return file;
  }

  /** Every byte of page k is 0x30 + k. */
  private void fill(Operation op, OpenFile file, long pages) {
    byte[] page = new byte[4096];
    for (long k = 0; k < pages; k++) {
      Arrays.fill(page, (byte) (0x30 + k));
      require(op, files.pwrite(file, page, page.length, k << 12));
    }
  }

  private static void require(Operation op, long result) {
    if (Errno.isError(result)) {
      throw op.impossible("the object cannot be prepared: " + Errno.name(result));
    }
  }

  private OpenFile withMode(Operation op, OpenFile file) {
    int mode = mode(op);
    if (mode == READ_WRITE) {
      return file;
    }
    OpenFile reopened = files.reopen(file, mode);
    file.put();
    return reopened;
  }

  private OpenFile reopen(Operation op) {
    @Nullable Handle found = null;
    for (Handle handle : open) {
      if (handle.object.equals(op.textOrNull("obj"))) {
        found = handle;
      }
    }
    if (found == null) {
      throw op.impossible("no handle of object " + op.textOrNull("obj") + " is open here");
    }
    return files.reopen(found.file, mode(op));
  }

  private static int mode(Operation op) {
    String mode = op.textOrNull("mode");
    return mode == null || mode.equals("rw")
        ? READ_WRITE
        : mode.equals("ro") ? OpenFile.FMODE_READ : OpenFile.FMODE_WRITE;
  }

  ObjectNode close(Operation op) {
    Handle handle = find(op);
    open.remove(handle);
    handle.file.put();
    return Answer.ok();
  }

  ObjectNode truncate(Operation op) {
    long size = (op.integer("pages", 0) << 12) + op.integer("nb", 0);
    return Answer.okOrErr(files.truncate(file(op), size));
  }

  ObjectNode punch(Operation op) {
    return Answer.okOrErr(
        files.punchHole(file(op), op.integer("fo", 0) << 12, op.integer("n", 1) << 12));
  }

  ObjectNode seal(Operation op) {
    return Answer.okOrErr(files.addSeals(file(op), (int) op.flags("seals", Names.SEALS)));
  }

  ObjectNode write(Operation op) {
    byte[] bytes = Transfers.filled(op, 1);
    return Answer.count(files.pwrite(file(op), bytes, bytes.length, position(op)));
  }

  ObjectNode read(Operation op) {
    byte[] bytes = new byte[1];
    return Answer.bytes(files.pread(file(op), bytes, 1, position(op)), 0, bytes);
  }

  private static long position(Operation op) {
    return (op.integer("fo", 0) << 12) + op.integer("off", 0);
  }
}
