package org.pfnlab.lab.replay.strace;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;

/**
 * A file of which a trace shows the path only: its size and what is in it are unknown, and nobody
 * asks, as there are no faults in a trace. It is taken to be open for reading and writing.
 */
final class TracedFile extends FileOps {
  private final boolean aligns;
  private final @Nullable String path;

  private TracedFile(@Nullable String path, boolean aligns) {
    this.path = path;
    this.aligns = aligns;
  }

  /**
   * Opens it.
   *
   * @param path null where the trace was made without paths
   * @param aligns whether its file system places long mappings for huge pages
   */
  static OpenFile open(@Nullable String path, boolean aligns) {
    return new OpenFile(
        new TracedFile(path, aligns),
        new AddressSpace(false, false),
        OpenFile.FMODE_READ | OpenFile.FMODE_WRITE,
        path == null ? "?" : path);
  }

  /** The path; null where the trace does not show it. */
  static @Nullable String pathOf(OpenFile file) {
    // Shared anonymous memory is a file of shmem's own.
    return file.ops instanceof TracedFile traced ? traced.path : "/dev/zero";
  }

  @Override
  public boolean alignsForHugePages() {
    return aligns;
  }

  @Override
  public long mmap(Vma vma) {
    vma.ops = VmOps.DUMMY;
    return 0;
  }

  @Override
  public long punchHole(OpenFile file, long offset, long length) {
    return 0;
  }

  @Override
  public long fsync(OpenFile file) {
    return 0;
  }
}
