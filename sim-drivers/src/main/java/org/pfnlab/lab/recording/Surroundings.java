package org.pfnlab.lab.recording;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.lab.BadInput;

/**
 * The kernel and the machine that a recording was made on, as told by uname.txt, iomem.txt and
 * mtrr.txt in the recording's folder or the one above.
 *
 * @param file the recording as the user named it
 * @param folder where the three files lie, or null if there are none
 */
public record Surroundings(String file, @Nullable Path folder) {
  private static final Pattern RELEASE = Pattern.compile("\\b(\\d+\\.\\d+(?:\\.\\d+)?)[^ .\\d]?");

  /** Looks around a recording. */
  public static Surroundings of(Path recording, String name) {
    Path folder = recording.toAbsolutePath().normalize().getParent();
    for (int up = 0; up < 2 && folder != null; up++) {
      if (Files.exists(folder.resolve("uname.txt")) || Files.exists(folder.resolve("iomem.txt"))) {
        return new Surroundings(name, folder);
      }
      folder = folder.getParent();
    }
    return new Surroundings(name, null);
  }

  /**
   * The release in uname.txt.
   *
   * @throws BadInput if there is no such file, or no release in it
   */
  public Version release() throws IOException {
    Path uname = require("uname.txt", "or --kernel");
    String text = Files.readString(uname, StandardCharsets.UTF_8);
    Matcher release = RELEASE.matcher(text);
    if (!release.find()) {
      throw BadInput.at(
          uname.toString(), 1, "expected a kernel release like 6.1.192 in the output of uname");
    }
    return Version.parse(release.group(1));
  }

  /**
   * iomem.txt, which describes the machine.
   *
   * @throws BadInput if there is no such file
   */
  public Path iomem() {
    return require("iomem.txt", "which describes the machine");
  }

  /** mtrr.txt, or null for a machine without MTRRs. */
  public @Nullable Path mtrr() {
    Path mtrr = folder == null ? null : folder.resolve("mtrr.txt");
    return mtrr != null && Files.exists(mtrr) ? mtrr : null;
  }

  private Path require(String name, String why) {
    Path path = folder == null ? null : folder.resolve(name);
    if (path == null || !Files.exists(path)) {
      throw BadInput.in(
          file, "expected " + name + " in the recording's folder or the one above, " + why);
    }
    return path;
  }
}
