package org.pfnlab.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pfnlab.lab.cli.LauncherTree.Result;

/** The launcher with this JVM and the classes under test: no Maven, but the rest is real. */
final class StartUpTest {
  /** Without a space in its path: JDK 17 archives no class that it loads from such a path. */
  @TempDir private Path folder;

  @Test
  void sharesTheClassesOfTheBuild() throws Exception {
    LauncherTree tree = new LauncherTree(folder.resolve("house")).built();
    assemble(tree.target);
    tree.with("JAVA_HOME", System.getProperty("java.home"));
    Path log = folder.resolve("load.log");

    Result first = tree.run("--version");
    assertThat(first.err()).isEmpty();
    assertThat(first.out()).startsWith("pfnlab ");
    assertThat(first.status()).isZero();

    Result second = tree.with("PFNLAB_JAVA_OPTS", "-Xlog:class+load:" + log).run("--version");
    assertThat(second).isEqualTo(first);
    assertThat(Files.readString(log))
        .contains(StandardStreams.class.getName() + " source: shared objects file");
  }

  @Test
  void staysCorrectWithAnArchiveThatFitsNothing() throws Exception {
    LauncherTree tree = new LauncherTree(folder.resolve("house")).built();
    assemble(tree.target);
    tree.with("JAVA_HOME", System.getProperty("java.home"));
    assertThat(tree.run("--version").status()).isZero();
    List<Path> archives = archives(tree.target);
    assertThat(archives).hasSize(1);
    Files.delete(archives.get(0));
    Files.writeString(archives.get(0), "not an archive");

    Result result = tree.run("--version");
    assertThat(result.err()).isEmpty();
    assertThat(result.out()).startsWith("pfnlab ");
  }

  private static List<Path> archives(Path target) throws IOException {
    try (var files = Files.list(target)) {
      return files.filter(file -> file.toString().endsWith(".jsa")).toList();
    }
  }

  /** Lays out target/pfnlab.jar and target/lib as the build does, from this test's class path. */
  private static void assemble(Path target) throws IOException {
    Path lib = Files.createDirectories(target.resolve("lib"));
    List<String> names = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path source = Path.of(entry);
      if (entry.endsWith(".jar")) {
        Files.copy(source, lib.resolve(source.getFileName()));
        names.add("lib/" + source.getFileName());
      } else if (Files.isDirectory(source)) {
        Path jar = lib.resolve("classes-" + names.size() + ".jar");
        zip(source, jar, new Manifest());
        names.add("lib/" + jar.getFileName());
      }
    }
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.put(Attributes.Name.MAIN_CLASS, Main.class.getName());
    attributes.put(Attributes.Name.CLASS_PATH, String.join(" ", names));
    zip(Files.createDirectories(target.resolve("empty")), target.resolve("pfnlab.jar"), manifest);
  }

  private static void zip(Path from, Path jar, Manifest manifest) throws IOException {
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream zip = new JarOutputStream(out, manifest);
        var files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        zip.putNextEntry(new JarEntry(from.relativize(file).toString()));
        Files.copy(file, zip);
      }
    }
  }
}
