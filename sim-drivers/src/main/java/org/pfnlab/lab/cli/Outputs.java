package org.pfnlab.lab.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import org.pfnlab.lab.BadInput;

/** Says before the work begins, not behind it, that its results could not be written. */
final class Outputs {
  private Outputs() {}

  /**
   * A folder, which is made when it is needed.
   *
   * @throws BadInput if there is something else of this name
   */
  static void requireFolder(Path path) {
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw BadInput.in(path.toString(), "is no directory, expected one, or a name for a new one");
    }
  }

  /**
   * A file, new or not.
   *
   * @throws BadInput if it is a directory, or its folder does not exist
   */
  static void requireFile(Path path) {
    if (Files.isDirectory(path)) {
      throw BadInput.in(path.toString(), "is a directory, expected a file to write");
    }
    Path folder = path.toAbsolutePath().getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      throw BadInput.in(path.toString(), "there is no directory " + folder + ", make it first");
    }
  }
}
