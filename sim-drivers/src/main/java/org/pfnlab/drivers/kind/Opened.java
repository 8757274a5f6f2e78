package org.pfnlab.drivers.kind;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.OpenFile;

/**
 * What open(2) gave: a file with one reference, or an error.
 *
 * @param errno 0, or -errno
 * @param fileOrNull the file, null if there is an error
 */
public record Opened(long errno, @Nullable OpenFile fileOrNull) {
  /** It could be opened. */
  public static Opened of(OpenFile file) {
    return new Opened(0, file);
  }

  /**
   * It could not.
   *
   * @param errno a negated error number
   */
  public static Opened refused(long errno) {
    return new Opened(errno, null);
  }

  /**
   * The file.
   *
   * @throws IllegalStateException if it could not be opened; ask {@link #errno} first
   */
  public OpenFile file() {
    OpenFile file = fileOrNull;
    if (file == null) {
      throw new IllegalStateException("nothing was opened: errno " + errno);
    }
    return file;
  }
}
