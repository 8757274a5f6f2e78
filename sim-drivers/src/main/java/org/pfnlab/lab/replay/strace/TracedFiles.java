package org.pfnlab.lab.replay.strace;

import java.util.HashMap;
import java.util.Map;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.lab.strace.Arguments;

/**
 * The files that the processes of a trace map. Opening is not in a trace: the same path is taken
 * for the same open file, except for files without a name any more (memfds, deleted ones), which
 * only the descriptor tells apart.
 */
final class TracedFiles {
  private final Map<String, String> devices;
  private final Map<String, OpenFile> open = new HashMap<>();

  /**
   * Files on these devices.
   *
   * @param devices device and inode by path, as far as some copy of /proc/pid/maps shows it
   */
  TracedFiles(Map<String, String> devices) {
    this.devices = devices;
  }

  /** The file with this path. */
  OpenFile open(String path) {
    return open.computeIfAbsent(path, unknown -> TracedFile.open(path, isOnDisk(path)));
  }

  /** The file behind a descriptor of a process. */
  OpenFile open(Arguments.Fd fd, Space space) {
    String path = fd.path();
    if (path != null && !fd.deleted() && !path.startsWith("/memfd:")) {
      return open(path);
    }
    String key = space.process.id + " " + fd.number() + " " + path;
    return open.computeIfAbsent(
        key, unknown -> TracedFile.open(path, path != null && isOnDisk(path)));
  }

  /**
   * A file of a block device, whose file system (ext4, xfs) aligns long mappings; tmpfs does not,
   * nor does overlayfs, both of which have devices of major number 0.
   */
  private boolean isOnDisk(String path) {
    String device = devices.get(path);
    return device != null
        ? !device.startsWith("00:")
        : path.startsWith("/")
            && !path.startsWith("/memfd:")
            && !path.startsWith("/dev/")
            && !path.startsWith("/proc/")
            && !path.startsWith("/sys/");
  }
}
