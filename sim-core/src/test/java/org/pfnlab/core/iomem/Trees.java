package org.pfnlab.core.iomem;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/** The trees that the tests ask, and kernels to ask them with. */
public final class Trees {
  private Trees() {}

  /** A kernel by its version. */
  public static Kernel kernel(String version) {
    return new Kernel(KernelProfile.of(version));
  }

  /** A /proc/iomem from the test resources. */
  public static String text(String name) {
    try (InputStream in = Trees.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalArgumentException("no test resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The tree of such a file, under this kernel. */
  public static ResourceTree tree(String version, String name) {
    return IomemText.parse(kernel(version), text(name));
  }
}
