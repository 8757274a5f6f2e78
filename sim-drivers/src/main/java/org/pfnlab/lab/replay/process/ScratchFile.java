package org.pfnlab.lab.replay.process;

import org.pfnlab.core.file.FileSystem;
import org.pfnlab.core.mm.OpenFile;

/**
 * The file that the recorder writes to and reads from in a transfer. What the recorder does with it
 * before and after, with buffered I/O, leaves traces in the kernel's LRU batches.
 */
final class ScratchFile {
  private final FileSystem files;
  private final OpenFile file;

  /** An empty file on a disk filesystem. */
  ScratchFile(FileSystem files) {
    this.files = files;
    this.file = files.regular("scratch", 0);
  }

  /** Before a process writes into it. */
  void empty() {
    files.truncate(file, 0);
  }

  /** The recorder reads back what a process has written. */
  void check(long written) {
    if (written > 0) {
      byte[] bytes = new byte[(int) written];
      files.pwrite(file, bytes, bytes.length, 0);
      files.pread(file, bytes, bytes.length, 0);
    }
  }

  /** Before a process reads this from it: the recorder writes and syncs it. */
  void fill(byte[] bytes) {
    files.pwrite(file, bytes, bytes.length, 0);
    file.ops.fsyncRange(file, 0, bytes.length);
  }
}
