package org.pfnlab.lab.iomem;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.IomemFormatException;
import org.pfnlab.core.iomem.IomemText;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/**
 * The resource tree that commands work on: the one that was asked for, or this machine's, or a
 * bundled one of a laptop's size where this machine shows none.
 *
 * @param file the tree
 * @param notice one line that says why the bundled tree is used, or null
 */
public record MachineTree(IomemFile file, @Nullable String notice) {
  private static final Path OWN = Path.of("/proc/iomem");

  /**
   * Chooses.
   *
   * @param asked the file that was asked for, or null
   * @throws IOException if that cannot be read
   */
  public static MachineTree choose(@Nullable Path asked) throws IOException {
    return asked != null ? new MachineTree(IomemFile.read(asked), null) : own(OWN);
  }

  /** This machine's tree, if it can be read there. */
  static MachineTree own(Path path) {
    if (!Files.exists(path)) {
      return bundled(path + " does not exist");
    }
    try {
      IomemFile file = IomemFile.read(path);
      IomemText.parse(new Kernel(KernelProfile.of("v6.18.2")), file.text());
      return new MachineTree(file, null);
    } catch (IomemFormatException e) {
      return bundled(
          e.addressesHidden()
              ? path + " shows zeros instead of addresses to everybody but root"
              : path + " is unlike any that a kernel prints (" + e.getMessage() + ")");
    } catch (IOException e) {
      return bundled(path + " cannot be read");
    }
  }

  private static MachineTree bundled(String why) {
    return new MachineTree(
        laptop(), why + ", so this is about a bundled tree of a laptop; --iomem FILE takes yours");
  }

  /** The bundled tree: 34 resources, 16 GiB of RAM, a GPU of 256 MiB behind a bridge. */
  public static IomemFile laptop() {
    try (InputStream in = MachineTree.class.getResourceAsStream("laptop.txt")) {
      if (in == null) {
        throw new IllegalStateException("laptop.txt is missing, rebuild with mvn package");
      }
      return new IomemFile("bundled laptop", new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
