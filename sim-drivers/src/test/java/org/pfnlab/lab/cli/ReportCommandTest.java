package org.pfnlab.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The report on unusual machines, and as a file. */
final class ReportCommandTest {
  private static final String NO_BAR =
      """
      00001000-0009ffff : System RAM
      00100000-3fffffff : System RAM
      """;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path tree = Path.of("unset");

  @BeforeEach
  void writeTree() throws IOException {
    tree = folder.resolve("iomem");
    Files.writeString(tree, NO_BAR);
  }

  private int run(String... more) {
    String[] args = new String[3 + more.length];
    args[0] = "report";
    args[1] = "--iomem";
    args[2] = tree.toString();
    System.arraycopy(more, 0, args, 3, more.length);
    return Main.run(new PrintWriter(out), new PrintWriter(err), args);
  }

  @Test
  void machineWithoutBarAndWithLittleMemory() {
    assertThat(run()).isZero();
    assertThat(out.toString()).contains("no BAR", "too little memory for 1 GiB at once");
    assertThat(err.toString()).isEmpty();
  }

  /** A kernel whose TTM maps no raw frames has no interface to map them by. */
  @Test
  void waysOutThatAKernelHasNotAreLeftOut() {
    assertThat(run("--kernel", "v5.11")).isZero();
    assertThat(out.toString()).contains("here, ttm-pages").doesNotContain("ttm-pfn-ram");
  }

  @Test
  void markdownGoesToTheFile() throws IOException {
    Path file = folder.resolve("report.md");
    assertThat(run("--out", file.toString())).isZero();
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).isEqualTo("pfnlab: wrote " + file + "\n");
    assertThat(Files.readString(file)).contains("## 1 GiB through TTM", "|--:|");
  }

  @Test
  void unwritableFilesAndMachinesWithoutMemoryAreOneLine() throws IOException {
    assertThat(run("--out", folder.resolve("none/report.md").toString())).isEqualTo(2);
    assertThat(err.toString())
        .endsWith(": there is no directory " + folder.resolve("none") + ", make it first\n");
    assertThat(run("--out", folder.toString())).isEqualTo(2);
    assertThat(err.toString()).endsWith(folder + ": is a directory, expected a file to write\n");
    Files.writeString(tree, "00001000-00001fff : System RAM\n");
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString().lines()).hasSize(3).allMatch(line -> line.startsWith("pfnlab: "));
  }
}
