package org.pfnlab.lab.iomem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where this machine hides its tree, one line says so and the bundled one is taken. */
final class MachineTreeTest {
  private static final String TREE =
      "00001000-3fffffff : System RAM\n40000000-4fffffff : PCI Bus 0000:00\n";

  @TempDir private Path folder;

  private MachineTree own(String text) throws IOException {
    Path file = folder.resolve("iomem");
    Files.writeString(file, text);
    return MachineTree.own(file);
  }

  @Test
  void shownTreeIsTaken() throws IOException {
    MachineTree tree = own(TREE);
    assertThat(tree.notice()).isNull();
    assertThat(tree.file().text()).isEqualTo(TREE);
  }

  @Test
  void hiddenAddresses() throws IOException {
    MachineTree tree = own(TREE.replaceAll("[0-9a-f]{8}", "00000000"));
    assertThat(tree.notice()).contains("zeros", "root", "--iomem FILE").doesNotContain("\n");
    assertThat(tree.file()).isEqualTo(MachineTree.laptop());
  }

  @Test
  void otherFormatsAndNoFile() throws IOException {
    assertThat(own("something else\n").notice()).contains("unlike any");
    assertThat(own("").notice()).contains("unlike any");
    assertThat(MachineTree.own(folder.resolve("none")).notice()).contains("does not exist");
  }
}
