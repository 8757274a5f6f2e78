package org.pfnlab.lab.iomem;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.pfnlab.core.iomem.IomemFormatException;
import org.pfnlab.core.iomem.IomemText;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.lab.BadInput;

/**
 * A resource tree as text, with the name under which people know it.
 *
 * @param name the file
 * @param text what it holds
 */
public record IomemFile(String name, String text) {
  private static final int LARGEST = 64 << 20;

  /**
   * Reads a file, whatever it holds.
   *
   * @throws BadInput if it is a directory, or too large to be a /proc/iomem
   * @throws IOException if it cannot be read
   */
  public static IomemFile read(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw BadInput.in(
          path.toString(), "is a directory, expected a file; give a copy of a /proc/iomem");
    }
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = in.readNBytes(LARGEST + 1);
      if (bytes.length > LARGEST) {
        throw BadInput.in(
            path.toString(), "is larger than 64 MiB, no /proc/iomem is; give a copy of one");
      }
      return new IomemFile(path.toString(), new String(bytes, StandardCharsets.UTF_8));
    }
  }

  /**
   * The tree, for a kernel.
   *
   * @throws BadInput with file, line and column if the text is damaged or shows no addresses
   */
  public ResourceTree parse(Kernel kernel) {
    try {
      return IomemText.parse(kernel, text);
    } catch (IomemFormatException e) {
      throw BadInput.at(name, e.line(), e.column(), e.problem()).causedBy(e);
    }
  }
}
