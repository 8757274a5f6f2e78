package org.pfnlab.lab.iomem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.iomem.ResourceWalk;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/** The bundled tree has the visits that were counted by hand for it. */
final class LaptopTest {
  @ParameterizedTest
  @CsvSource({
    "00100000, 4, 4, 6",
    "100000000, 14, 14, 23",
    "80400000, 10, 13, 15",
    "4000000000, 16, 18, 30",
    "6000000000, 16, 20, 32",
    "6018000000, 16, 22, 34",
  })
  void visits(String address, int firstLevel, int skip, int full) throws IOException {
    String text;
    try (InputStream in = LaptopTest.class.getResourceAsStream("laptop.txt")) {
      text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    }
    Kernel kernel = new Kernel(KernelProfile.of("v6.18.2"));
    ResourceTree tree = new IomemFile("laptop.txt", text).parse(kernel);
    long at = Long.parseLong(address, 16);
    assertThat(tree.visitsOfRamTest(at, ResourceWalk.FIRST_LEVEL)).isEqualTo(firstLevel);
    assertThat(tree.visitsOfRamTest(at, ResourceWalk.SIBLINGS_THEN_PREORDER)).isEqualTo(skip);
    assertThat(tree.visitsOfRamTest(at, ResourceWalk.PREORDER)).isEqualTo(full);
  }
}
