package org.pfnlab.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.lab.cli.LauncherTree.Result;

/** When {@code ./pfnlab} builds, what it runs, and what it says when it cannot. */
final class LauncherTest {
  @TempDir private Path folder;
  private LauncherTree tree;

  @BeforeEach
  void plant() throws IOException {
    tree = new LauncherTree(folder.resolve("a house"));
  }

  private void assertRuns(Result result, String... args) {
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
    String jar = tree.target.resolve("pfnlab.jar").toString();
    assertThat(result.out()).endsWith("\n-jar\n" + jar + "\n" + String.join("\n", args) + "\n");
  }

  private static void assertRefuses(Result result, String... says) {
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).startsWith("pfnlab: ").endsWith("\n").contains(says);
    assertThat(result.err().lines()).hasSize(1);
    assertThat(result.status()).isEqualTo(2);
  }

  @Test
  void builtTreeRunsWithoutMaven() throws Exception {
    tree.built().withoutMaven();
    assertRuns(tree.run("cost", "--bar", "a b"), "cost", "--bar", "a b");
  }

  @Test
  void runsFromAnyFolderByRelativeName() throws Exception {
    tree.built();
    Path below = tree.root.resolve("sim-core/src");
    assertRuns(tree.runAs(Path.of("../../pfnlab"), below, "matrix"), "matrix");
    assertRuns(tree.runAs(Path.of("pfnlab"), tree.root, "matrix"), "matrix");
  }

  @Test
  void runsThroughLinksToLinks() throws Exception {
    tree.built();
    Path bin = Files.createDirectories(folder.resolve("my bin"));
    Files.createSymbolicLink(bin.resolve("lab"), Path.of("../a house/pfnlab"));
    Files.createSymbolicLink(folder.resolve("absolute"), bin.resolve("lab"));
    Files.createSymbolicLink(bin.resolve("again"), Path.of("lab"));
    assertRuns(tree.runAs(folder.resolve("absolute"), Path.of("/"), "iomem"), "iomem");
    assertRuns(tree.runAs(Path.of("again"), bin, "iomem"), "iomem");
  }

  @Test
  void firstUseBuildsOnceAndSaysSo() throws Exception {
    Result first = tree.run("report");
    assertThat(first.err()).isEqualTo("pfnlab: building (first use)\n");
    assertThat(first.status()).isZero();
    assertThat(tree.builds()).hasSize(1).first().asString().startsWith(tree.root + " ");

    assertRuns(tree.run("report"), "report");
    assertThat(tree.builds()).hasSize(1);
    assertThat(tree.target.resolve("pfnlab.lock")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pom.xml",
        ".mvn/jvm.config",
        "sim-core/pom.xml",
        "sim-core/src/main/java/org/pfnlab/core/mm/New.java",
        "sim-drivers/pom.xml",
        "sim-drivers/src/main/resources/laptop.iomem",
      })
  void newerSourceBuildsAgain(String source) throws Exception {
    tree.built().source(source);

    Result result = tree.run("report");
    assertThat(result.err()).isEqualTo("pfnlab: building (sources are newer than the build)\n");
    assertThat(tree.builds()).hasSize(1);
  }

  @Test
  void removedSourceBuildsAgain() throws Exception {
    tree.built();
    Files.delete(tree.root.resolve("sim-core/src/main/A.java"));

    assertThat(tree.run("report").err()).contains("sources are newer");
  }

  @Test
  void newerTestSourceDoesNotBuild() throws Exception {
    tree.built().source("sim-core/src/test/java/ATest.java");
    assertRuns(tree.run("report"), "report");
  }

  @Test
  void movedTreeBuildsAgain() throws Exception {
    tree.built();
    Files.writeString(tree.stamp, "/elsewhere\n");
    assertThat(tree.run("report").err())
        .isEqualTo("pfnlab: building (this folder was moved or copied)\n");
  }

  @Test
  void failedBuildShowsWhyAndIsTriedAgain() throws Exception {
    Result failed = tree.with("FAKE_MAVEN_ERROR", "[ERROR] no semicolon").run("report");
    assertThat(failed.status()).isEqualTo(2);
    assertThat(failed.out()).isEmpty();
    assertThat(failed.err())
        .isEqualTo(
            """
            pfnlab: building (first use)
            [ERROR] no semicolon
            pfnlab: the build failed, see above
            """);
    assertThat(tree.target.resolve("pfnlab.lock")).doesNotExist();
    assertThat(tree.stamp).doesNotExist();

    assertThat(tree.with("FAKE_MAVEN_ERROR", "").run("report").status()).isZero();
  }

  @Test
  void waitsForAnotherBuildAndUsesIt() throws Exception {
    Files.createDirectories(tree.target);
    Path lock = tree.target.resolve("pfnlab.lock");
    String builder = Long.toString(ProcessHandle.current().pid());
    Files.createSymbolicLink(lock, Path.of(builder));
    Process waiting = tree.start(tree.root.resolve("pfnlab"), folder, "report");
    assertThat(waiting.errorReader().readLine())
        .isEqualTo("pfnlab: waiting for the build of process " + builder);

    tree.built();
    Files.delete(lock);
    assertRuns(LauncherTree.finish(waiting), "report");
    assertThat(tree.builds()).isEmpty();
  }

  @Test
  void lockOfADeadBuildIsTakenOver() throws Exception {
    Process dead = new ProcessBuilder("/bin/sh", "-c", "exit 0").start();
    dead.waitFor();
    Files.createDirectories(tree.target);
    Files.createSymbolicLink(
        tree.target.resolve("pfnlab.lock"), Path.of(Long.toString(dead.pid())));

    assertThat(tree.run("report").err()).isEqualTo("pfnlab: building (first use)\n");
  }

  @Test
  void passesOptionsAndStatus() throws Exception {
    Result result =
        tree.built()
            .with("PFNLAB_JAVA_OPTS", "-Xmx1g -Dx=*")
            .with("FAKE_STATUS", "1")
            .run("replay");
    assertThat(result.out()).contains("\n-Xmx1g\n-Dx=*\n-jar\n", "\n-Dpfnlab.colour=false\n");
    assertThat(result.status()).isEqualTo(1);
  }

  @Test
  void missingJavaIsOneLine() throws Exception {
    assertRefuses(tree.built().path("").run("report"), "no Java in PATH", "JDK 17");
  }

  @Test
  void javaHomeWithoutJavaIsOneLine() throws Exception {
    Result result = tree.built().with("JAVA_HOME", folder.toString()).run("report");
    assertRefuses(result, "no Java in JAVA_HOME (" + folder + ")", "JDK 17");
  }

  @ParameterizedTest
  @ValueSource(strings = {"16.0.2", "11.0.21", "1.8.0_402", "9"})
  void oldJavaIsOneLine(String version) throws Exception {
    assertRefuses(tree.built().java(version).run("report"), "Java " + version, "JDK 17");
  }

  @ParameterizedTest
  @ValueSource(strings = {"17", "17.0.15", "22-ea", "25.0.3"})
  void youngJavaRuns(String version) throws Exception {
    assertRuns(tree.built().java(version).run("report"), "report");
  }

  @Test
  void javaHomeComesBeforePath() throws Exception {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    tree.built().withoutMaven().with("JAVA_HOME", tree.jdk.toString());
    assertRuns(tree.path(empty + ":" + folder.resolve("tools")).run("report"), "report");
  }

  @Test
  void buildWithoutCompilerIsOneLine() throws Exception {
    Files.delete(tree.jdk.resolve("bin/javac"));
    assertRefuses(tree.run("report"), "no Java compiler", "JDK 17");
  }

  @Test
  void buildWithoutMavenIsOneLine() throws Exception {
    assertRefuses(tree.withoutMaven().run("report"), "no Maven (mvn) in PATH");
  }
}
